import { Float64ArrayConstructor, Uint8ArrayConstructor } from './primordials.ts';

/** A number and its bytes: what is set in one is in the other. Made before a script can patch what a view's buffer is. */
export const DOUBLE = new Float64ArrayConstructor(1);
export const DOUBLE_BYTES = new Uint8ArrayConstructor(DOUBLE.buffer);
