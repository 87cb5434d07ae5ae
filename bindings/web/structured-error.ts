import {
  ErrorConstructor,
  EvalErrorConstructor,
  ObjectCreate,
  ObjectDefineProperty,
  ObjectGetOwnPropertyDescriptor,
  ObjectHasOwn,
  RangeErrorConstructor,
  ReferenceErrorConstructor,
  SyntaxErrorConstructor,
  TypeErrorConstructor,
  URIErrorConstructor,
} from '../primordials.ts';

/** HTML, StructuredSerializeInternal, the steps for what has [[ErrorData]]; the stack goes along, as in browsers. */
export function cloneError(error: Error): Error {
  const { name } = error as { name: unknown };
  const copy = new (constructorOf(name === undefined ? 'Error' : `${name as string}`))();
  const message = ObjectGetOwnPropertyDescriptor(error, 'message');
  if (message !== undefined && ObjectHasOwn(message, 'value')) {
    defineHidden(copy, 'message', `${message.value as string}`);
  }
  const { stack } = error as { stack?: unknown };
  defineHidden(copy, 'stack', typeof stack === 'string' ? stack : '');
  return copy;
}

/** Not enumerable, as the constructors of errors define their properties. */
export function defineHidden(target: object, name: string, value: unknown): void {
  const descriptor = ObjectCreate(null) as PropertyDescriptor;
  descriptor.value = value;
  descriptor.enumerable = false;
  descriptor.configurable = true;
  descriptor.writable = true;
  ObjectDefineProperty(target, name, descriptor);
}

function constructorOf(name: string): ErrorConstructor {
  switch (name) {
    case 'EvalError':
      return EvalErrorConstructor;
    case 'RangeError':
      return RangeErrorConstructor;
    case 'ReferenceError':
      return ReferenceErrorConstructor;
    case 'SyntaxError':
      return SyntaxErrorConstructor;
    case 'TypeError':
      return TypeErrorConstructor;
    case 'URIError':
      return URIErrorConstructor;
    default:
      return ErrorConstructor;
  }
}
