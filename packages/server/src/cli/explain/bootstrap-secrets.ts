import { isObject, memberOf, stringMemberOf, yamlDocuments } from '@kube-authn/core/internal'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { Failure } from '../failure.ts'
import { readText } from '../terminal/input.ts'
import type { Terminal } from '../terminal/terminal.ts'

const MAX_BYTES = 1_048_576

/**
 * The Secrets of a manifest, as a store of bootstrap tokens; other objects are ignored.
 *
 * @throws {Failure} if the file cannot be read, or has no Secret.
 */
export async function bootstrapSecretsIn(
  terminal: Terminal,
  path: string | undefined,
): Promise<ReturnType<typeof bootstrapSecrets>> {
  if (path === undefined) return bootstrapSecrets()
  const documents = yamlDocuments(await readText(terminal, path, MAX_BYTES), path)
  const secrets = documents
    .flatMap((each): readonly unknown[] => {
      const items = memberOf(each, 'items')
      return Array.isArray(items) ? items : [each]
    })
    .filter((each) => memberOf(each, 'kind') === 'Secret')
    .map(secretOf)
  if (secrets.length === 0) throw new Failure(`${path}: has no Secret`)
  return bootstrapSecrets(secrets)
}

function secretOf(manifest: unknown) {
  const metadata = memberOf(manifest, 'metadata')
  const decode = (value: string): string => Buffer.from(value, 'base64').toString('utf8')
  return {
    namespace: stringMemberOf(metadata, 'namespace'),
    name: stringMemberOf(metadata, 'name'),
    type: stringMemberOf(manifest, 'type'),
    data: Object.fromEntries([
      ...textsOf(memberOf(manifest, 'data')).map(([key, value]) => [key, decode(value)] as const),
      ...textsOf(memberOf(manifest, 'stringData')),
    ]),
  }
}

function textsOf(map: unknown): readonly (readonly [key: string, value: string])[] {
  if (!isObject(map)) return []
  return Object.entries(map).flatMap(([key, value]) =>
    typeof value === 'string' ? [[key, value] as const] : [],
  )
}
