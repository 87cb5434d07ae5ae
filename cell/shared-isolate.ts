import ivm from 'isolated-vm';

/** An isolate in which several scripts of one owner have a context each. It goes with the last of them. */
export class SharedIsolate {
  readonly isolate: ivm.Isolate;
  /** The memory of all of them together, in MiB: that of the script which came first. */
  readonly memory: number;
  #contexts = 0;

  constructor(memory: number, snapshot: ivm.ExternalCopy<ArrayBuffer>) {
    this.isolate = new ivm.Isolate({ memoryLimit: memory, snapshot });
    this.memory = memory;
  }

  get isDisposed(): boolean {
    return this.isolate.isDisposed;
  }

  /** Another context is in it. */
  enter(): void {
    this.#contexts++;
  }

  /** A context was thrown away. */
  leave(): void {
    this.#contexts--;
    if (this.#contexts === 0 && !this.isDisposed) {
      this.isolate.dispose();
    }
  }
}
