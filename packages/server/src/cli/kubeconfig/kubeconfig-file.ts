import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Document, isMap, isSeq, parseDocument, Scalar, type YAMLMap, YAMLSeq } from 'yaml'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { withoutControls } from '@kube-authn/internal/printable'
import { Failure } from '../failure.ts'

/**
 * The kubeconfig to use: the one that was named, the first of `KUBECONFIG` that exists, or that of kubectl. Unlike kubectl, files are not merged.
 *
 * Source: client-go `tools/clientcmd/loader.go`.
 */
export function kubeconfigPath(named: string | undefined, env: NodeJS.ProcessEnv): string {
  if (named !== undefined) return named
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((each) => each !== '')
  const [first = join(env['HOME'] ?? homedir(), '.kube', 'config')] = listed
  return listed.find((each) => existsSync(each)) ?? first
}

/** A named entry of a list of a kubeconfig: `users`, `clusters`, `contexts`. */
export interface Entry {
  readonly list: 'clusters' | 'contexts' | 'users'
  readonly name: string
  readonly value: object
}

/**
 * A kubeconfig with these entries, which replace those of the same name. Comments and everything else stay.
 *
 * @throws {Failure} if the text is not a kubeconfig.
 */
export function withEntries(
  text: string,
  source: string,
  entries: readonly Entry[],
  context?: string,
): string {
  const document = documentIn(text, source)
  document.contents ??= document.createNode({ apiVersion: 'v1', kind: 'Config' })
  if (!isMap(document.contents)) throw new Failure(`${source}: is not a kubeconfig`)
  for (const entry of entries) putEntry(document, source, entry)
  if (context !== undefined) document.set('current-context', context)
  return document.toString({ lineWidth: 0 })
}

/**
 * A kubeconfig in which the OpenID Connect provider of a user has these fields. Comments and everything else stay.
 *
 * @param user the name of the user.
 * @throws {Failure} if there is no such provider, or it is shared with others by an anchor.
 */
export function withProviderFields(
  text: string,
  source: string,
  user: string,
  fields: ReadonlyMap<string, string>,
): string {
  const document = documentIn(text, source)
  const config: unknown = entryIn(document.get('users'), user)?.getIn(['user', 'auth-provider', 'config'])
  if (!isMap(config)) {
    throw new Failure(
      `${source}: the provider of the user ${withoutControls(user)} is not there, or is an alias in YAML`,
    )
  }
  const isJson = config.flow === true
  for (const [key, value] of fields) {
    config.set(isJson && !config.has(key) ? quoted(key) : key, isJson ? quoted(value) : value)
  }
  return document.toString({ lineWidth: 0 })
}

function documentIn(text: string, source: string): Document {
  // The strict reader refuses what a parser of YAML would let pass, such as a repeated key.
  yamlDocument(text, source)
  return parseDocument(text, { version: '1.1' })
}

function entryIn(list: unknown, name: string): YAMLMap | undefined {
  const items: readonly unknown[] = isSeq(list) ? list.items : []
  return items.find((each): each is YAMLMap => isMap(each) && each.get('name') === name)
}

function putEntry(document: Document, source: string, { list, name, value }: Entry): void {
  const field = { clusters: 'cluster', contexts: 'context', users: 'user' }[list]
  const made: unknown = document.createNode({ name, [field]: value })
  const items: unknown = document.get(list)
  if (items === undefined || items === null) {
    const sequence = new YAMLSeq()
    sequence.add(made)
    document.set(list, sequence)
    return
  }
  if (!isSeq(items)) throw new Failure(`${source}: ${list}: must be a list`)
  const found = entryIn(items, name)
  if (found === undefined) {
    // kubectl writes an empty list in brackets, and a list in brackets stays on one line.
    if (items.items.length === 0) items.flow = false
    items.add(made)
  } else found.set(field, document.createNode(value))
}

/** What is in brackets may be JSON, which stays JSON. */
function quoted(text: string): Scalar<string> {
  const scalar = new Scalar(text)
  scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}
