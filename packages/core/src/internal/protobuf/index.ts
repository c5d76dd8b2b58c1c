export { decodeObject, type KubernetesObject } from './decode-object.ts'
export { PROTOBUF_MEDIA_TYPE } from './media-type.ts'
export { type WireField, wireFields } from './wire.ts'
