/**
 * The object of an entity script. The source of an entity script evaluates to a constructor, which is called with `new`
 * and without arguments: `(function () { this.preload = ... })`, or `(class { preload(entityID) { ... } })`. Its methods
 * are called with the object as `this`; one that is missing is left out.
 *
 * In JavaScript with `checkJs`, `this` gets its type by a comment before the function that says `@this {EntityScript}`
 * and begins with two stars, `/**`: with one, it says nothing.
 */
interface EntityScript {
  /** Called once, after the object is constructed. `params` is empty. */
  preload?: (entityID: string, params: string[]) => unknown;
  /** Called once, when the script ends and its timers are gone, before its sockets are closed. `params` is empty. */
  unload?: (entityID: string, params: string[]) => unknown;
}
