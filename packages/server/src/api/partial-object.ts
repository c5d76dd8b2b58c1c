import type { KubeObject } from '../registry/kube-object.ts'

/**
 * The metadata of an object, as an object.
 *
 * Source: apimachinery `pkg/api/meta/meta.go` AsPartialObjectMetadata.
 */
export function partialObject({ metadata }: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}
