import type { Node } from '../engine.ts'
import { nodesOf } from './tree.ts'

/**
 * Encodes non-ASCII characters of byte literals as UTF-8. cel-js uses their lowest eight bits.
 *
 * Source: cel-spec, "String and Bytes Values".
 */
export function encodeByteLiterals(source: string, root: Node): void {
  for (const node of nodesOf(root)) {
    if (node.op !== 'value' || !(node.args instanceof Uint8Array)) continue
    const [, quote = '', text = ''] =
      /^.("""|'''|"|')(.*)\1$/su.exec(source.slice(node.start, node.end)) ?? []
    if (quote !== '' && NOT_ASCII.test(text)) Object.assign(node, { args: encoded(text) })
  }
}

const NOT_ASCII = /[^\0-\x7F]/u
const utf8 = new TextEncoder()

const ESCAPED: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
])

function encoded(text: string): Uint8Array {
  const bytes: number[] = []
  for (const [part, hexadecimal, octal, letter] of text.matchAll(
    /\\[xX]([0-9A-Fa-f]{2})|\\([0-7]{3})|\\([^])|[^\\]/gu,
  )) {
    if (hexadecimal !== undefined) bytes.push(Number.parseInt(hexadecimal, 16))
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8))
    else if (letter !== undefined) bytes.push(ESCAPED.get(letter) ?? letter.charCodeAt(0))
    else bytes.push(...utf8.encode(part))
  }
  return Uint8Array.from(bytes)
}
