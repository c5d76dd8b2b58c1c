import { Buffer } from 'node:buffer'

/** Where a store keeps what in etcd. All keys are base64, as the JSON gateway wants them. */
export interface EtcdKeys {
  /** The key whose creation is revision 0 of the store, and which every change of the store writes too. */
  readonly state: string
  /** An object. Its value has the end of its life before it, see `envelope.ts`. */
  object(key: string): string
  /** When an object ends: `expiresAtMs` in decimal. It is written and deleted together with the object. */
  end(key: string): string
  /** Written only so that a write of unknown outcome cannot be applied from then on. */
  fence(writeId: string): string
  /** All objects whose keys begin with a prefix, or those after a key. */
  objects(prefix: string, after?: string): EtcdRange
  /** All ends, or those after one. */
  ends(after?: string): EtcdRange
  /** The object of one of `objects`. @param base64 its key in etcd. */
  keyOfObject(base64: string): string
  /** The object of one of `ends`. */
  keyOfEnd(base64: string): string
}

/** From `key` up to, without, `range_end`. */
export interface EtcdRange {
  readonly key: string
  readonly range_end: string
}

export function etcdKeys(prefix: string): EtcdKeys {
  const objectsPrefix = `${prefix}o/`
  const endsPrefix = `${prefix}x/`
  const range = (from: string, after: string | undefined): EtcdRange => ({
    key: base64Of(after === undefined ? from : `${after}\0`),
    range_end: endOfRange(from),
  })
  return {
    state: base64Of(`${prefix}s`),
    object: (key) => base64Of(objectsPrefix + key),
    end: (key) => base64Of(endsPrefix + key),
    fence: (writeId) => base64Of(`${prefix}w/${writeId}`),
    objects: (within, after) =>
      range(objectsPrefix + within, after === undefined ? undefined : objectsPrefix + after),
    ends: (after) => range(endsPrefix, after === undefined ? undefined : endsPrefix + after),
    keyOfObject: (base64) => textOf(base64).slice(objectsPrefix.length),
    keyOfEnd: (base64) => textOf(base64).slice(endsPrefix.length),
  }
}

export function base64Of(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

/** A string in UTF-8; other bytes become U+FFFD. */
export function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}

/** The first key after all that begin with these bytes: a byte of UTF-8 is never 0xff, so the last one can be one more. */
function endOfRange(prefix: string): string {
  const bytes = Buffer.from(prefix, 'utf8')
  const last = bytes.length - 1
  bytes[last] = (bytes[last] ?? 0) + 1
  return bytes.toString('base64')
}
