import type { HttpAnswer } from '@kube-authn/core/adapter'
import { YAML_MEDIA_TYPE } from '@kube-authn/core/internal/api'

/**
 * An answer in YAML instead of JSON. A long list stays as it is, in a stream: JSON is YAML too, and to write it otherwise would occupy the process.
 *
 * Source: apimachinery `pkg/runtime/serializer/json/json.go`.
 */
export async function inYaml(answer: HttpAnswer | Response): Promise<HttpAnswer | Response> {
  if (answer instanceof Response) {
    answer.headers.set('content-type', YAML_MEDIA_TYPE)
    return answer
  }
  const { stringify } = await import('yaml')
  const headers = { ...answer.headers, 'content-type': YAML_MEDIA_TYPE }
  return {
    ...answer,
    headers,
    content: stringify(JSON.parse(answer.content), { version: '1.1', lineWidth: 0 }),
  }
}
