import { badRequest } from '@kube-authn/core/internal'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { decodeJson, decodeUtf8, type SentValue } from './json.ts'

/** The limit of YAML that is neither JSON nor plain, in characters: more would take too long to parse. */
const MAX_YAML_LENGTH = 262_144

/**
 * Decodes one document of YAML, or JSON.
 *
 * Deviation: keys that are repeated are always refused in YAML (`docs/deviations.md`, content of objects).
 *
 * @throws {StatusError} 400. The message does not quote the body.
 */
export function decodeYaml(bytes: Uint8Array, maxBytes: number): SentValue {
  const text = decodeUtf8(bytes)
  if (/^\s*\{/.test(text)) {
    try {
      return decodeJson(bytes)
    } catch {
      // In YAML, it is a mapping in braces.
    }
  }
  try {
    const limits = { maxLength: maxBytes, maxDocumentLength: MAX_YAML_LENGTH }
    return { value: yamlDocument(text, 'the body', limits), duplicates: [] }
  } catch {
    // The problems would show what was sent.
    throw badRequest('the body of the request is not one document of YAML without repeated keys')
  }
}
