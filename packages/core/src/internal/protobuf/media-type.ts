/** The media type of the binary form of Kubernetes' objects. */
export const PROTOBUF_MEDIA_TYPE = 'application/vnd.kubernetes.protobuf'
