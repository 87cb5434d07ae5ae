/** How long a line is compared with those after it, in milliseconds. */
const TELL_AFTER = 1000;

/** Lines of which one that comes again and again is written once, with how many times more it came. */
export class RepeatedLines {
  readonly #write: (line: string) => void;
  #last: string | undefined;
  #more = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  tell(line: string): void {
    if (line !== this.#last) {
      this.flush();
      this.#last = line;
      return this.#write(line);
    }
    this.#more++;
    // Whoever looks on sees that it goes on. The timer keeps nothing alive: what is left is told at the end.
    this.#timer ??= setTimeout(() => this.#tellMore(), TELL_AFTER).unref();
  }

  /** Something else comes next. */
  flush(): void {
    this.#tellMore();
    this.#last = undefined;
  }

  #tellMore(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#more > 0) {
      this.#write(`... ${this.#more} ${this.#more === 1 ? 'time' : 'times'} more`);
      this.#more = 0;
    }
  }
}
