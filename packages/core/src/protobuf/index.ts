export { decodeObject, type KubernetesObject, PROTOBUF_MEDIA_TYPE } from './decode-object.ts'
