import type { GuestSettings } from '../wire/settings.ts';

let settings: GuestSettings;

/** Keeps what the host says of this script; once, before it runs. */
export function setSettings(value: GuestSettings): void {
  settings = value;
}

export function script(): GuestSettings {
  return settings;
}

export function dialect(): GuestSettings['dialect'] {
  return settings.dialect;
}
