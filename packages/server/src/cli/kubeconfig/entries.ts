import { isMap, isSeq, parseDocument, type Document, type YAMLMap, YAMLSeq } from 'yaml'
import { yamlDocument } from '@kube-authn/core/internal'
import { Failure } from '../failure.ts'

/** A named entry of a list of a kubeconfig: `users`, `clusters`, `contexts`. */
export interface Entry {
  readonly list: 'clusters' | 'contexts' | 'users'
  readonly name: string
  /** `user`, `cluster` or `context`. */
  readonly field: string
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
  // The strict reader refuses what a parser of YAML would let pass, such as a repeated key.
  yamlDocument(text, source)
  const document: Document = parseDocument(text, { version: '1.1' })
  document.contents ??= document.createNode({ apiVersion: 'v1', kind: 'Config' })
  if (!isMap(document.contents)) throw new Failure(`${source}: is not a kubeconfig`)
  for (const entry of entries) putEntry(document, source, entry)
  if (context !== undefined) document.set('current-context', context)
  return document.toString({ lineWidth: 0 })
}

function putEntry(document: Document, source: string, { list, name, field, value }: Entry): void {
  const made: unknown = document.createNode({ name, [field]: value })
  const items: unknown = document.get(list)
  if (items === undefined || items === null) {
    const sequence = new YAMLSeq()
    sequence.add(made)
    document.set(list, sequence)
    return
  }
  if (!isSeq(items)) throw new Failure(`${source}: ${list}: must be a list`)
  const found = items.items.find((each): each is YAMLMap => isMap(each) && each.get('name') === name)
  if (found === undefined) {
    // kubectl writes an empty list in brackets, and a list in brackets stays on one line.
    if (items.items.length === 0) items.flow = false
    items.add(made)
  } else found.set(field, document.createNode(value))
}
