export { decodeObject, type KubernetesObject } from './decode-object.ts'
export type { MessageField, MessageType } from './message-type.ts'
export { PROTOBUF_MEDIA_TYPE } from './media-type.ts'
export { type WireField, wireFields } from './wire.ts'
