import {
  ArrayBufferPrototypeGetByteLength,
  ArrayBufferPrototypeGetDetached,
  MapConstructor,
  MapPrototypeHas,
  MapPrototypeSet,
  TypeErrorConstructor,
  createList,
} from '../primordials.ts';
import { transferBuffer } from '../resizable-buffers.ts';
import { requireArguments } from './define.ts';
import { domException } from './dom-exception.ts';
import { dictionary, iteratorMethod, sequence } from './webidl.ts';
import { Serialized, dataCloneError, revive, serialize, type Memory } from './structured-serialize.ts';

const FAILED = "Failed to execute 'structuredClone'";

/** HTML, section 2.7.10, "structuredClone": StructuredSerializeWithTransfer, then StructuredDeserializeWithTransfer. */
export function structuredClone(value: unknown, options: unknown = undefined): unknown {
  requireArguments(arguments.length, 1, FAILED);
  const { transfer } = dictionary<{ transfer?: unknown }>(options, FAILED);
  const buffers = transfer === undefined ? createList<ArrayBuffer>() : transferList(transfer);
  const memory: Memory = new MapConstructor();
  const transferred = createList<TransferredBuffer>();
  for (let index = 0; index < buffers.length; index++) {
    const buffer = buffers[index] as ArrayBuffer;
    if (MapPrototypeHas(memory, buffer)) {
      throw domException('DataCloneError', "Failed to execute 'structuredClone': An ArrayBuffer is in the transfer list twice.");
    }
    const record = new TransferredBuffer();
    transferred[index] = record;
    MapPrototypeSet(memory, buffer, record);
  }
  const serialized = serialize(value, memory);
  // Serializing may have run the script's getters, so it is looked at the buffers only now; all of them before any goes.
  for (let index = 0; index < buffers.length; index++) {
    if (ArrayBufferPrototypeGetDetached(buffers[index] as ArrayBuffer)) {
      throw dataCloneError('A detached ArrayBuffer');
    }
  }
  for (let index = 0; index < buffers.length; index++) {
    (transferred[index] as TransferredBuffer).value = transferBuffer(buffers[index] as ArrayBuffer);
  }
  return revive(serialized);
}

/** A buffer that is moved, once all that can fail has not. */
class TransferredBuffer extends Serialized {
  value: ArrayBuffer | undefined;

  override create(): object {
    return this.value as ArrayBuffer;
  }
}

/** Web IDL `sequence<object>`, of what can be transferred here. */
function transferList(transfer: unknown): ArrayBuffer[] {
  const iterate = iteratorMethod(transfer, FAILED);
  if (iterate === undefined) {
    throw new TypeErrorConstructor(`${FAILED}: The provided value cannot be converted to a sequence.`);
  }
  const objects = createList<object>();
  sequence(transfer, iterate, FAILED, (each) => {
    if ((typeof each !== 'object' && typeof each !== 'function') || each === null) {
      throw new TypeErrorConstructor(`${FAILED}: A value to transfer is not of type 'object'.`);
    }
    objects[objects.length] = each;
  });
  for (let index = 0; index < objects.length; index++) {
    if (!isArrayBuffer(objects[index] as object)) {
      throw domException(
        'DataCloneError',
        `Failed to execute 'structuredClone': Value at index ${index} does not have a transferable type.`,
      );
    }
  }
  return objects as ArrayBuffer[];
}

function isArrayBuffer(value: object): value is ArrayBuffer {
  try {
    ArrayBufferPrototypeGetByteLength(value as ArrayBuffer);
    return true;
  } catch {
    return false;
  }
}
