// A DER reader and writer independent of the core's: the reference must not share its mistakes.

/** A tag, a length in its shortest form, and the content. */
function tlv(tag, ...contents) {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content])
}

export const sequence = (...contents) => tlv(0x30, ...contents)
export const setOf = (...contents) => tlv(0x31, ...contents)
export const octets = (...contents) => tlv(0x04, ...contents)
export const bits = (unused, bytes) => tlv(0x03, Buffer.from([unused]), bytes)
export const boolean = (value) => tlv(0x01, Buffer.from([value ? 0xff : 0]))
export const explicit = (number, ...contents) => tlv(0xa0 + number, ...contents)
export const text = (value, tag = 0x0c) => tlv(tag, Buffer.from(value, tag === 0x0c ? 'utf8' : 'latin1'))

export function integer(value) {
  let digits = BigInt(value).toString(16)
  if (digits.length % 2 === 1) digits = `0${digits}`
  if (Number.parseInt(digits.slice(0, 2), 16) > 0x7f) digits = `00${digits}`
  return tlv(0x02, Buffer.from(digits, 'hex'))
}

export function oid(dotted) {
  const [first, second, ...rest] = dotted.split('.').map(Number)
  const base128 = (arc) => {
    const groups = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift((left % 128) + 128)
    }
    return groups
  }
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

export function time(ms) {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, '').slice(0, 14)
  const year = Number(digits.slice(0, 4))
  return year < 2050 ? text(`${digits.slice(2)}Z`, 0x17) : text(`${digits}Z`, 0x18)
}

/**
 * The tree of an encoding: `{ tag, children }` or `{ tag, content }`. Octet strings that contain a complete encoding are parsed as well, for
 * extensions.
 */
export function treeOf(bytes) {
  const roots = treesOf(Buffer.from(bytes))
  if (roots?.length !== 1) throw new Error('not one encoding')
  return roots[0]
}

export function encode({ tag, children, content, head }) {
  const inner = children === undefined ? content : Buffer.concat(children.map(encode))
  if (head === undefined) return tlv(tag, inner)
  return Buffer.concat([Buffer.from([tag]), head(inner.length), inner])
}

/** Every node of a tree, with the list it is in. */
export function nodesOf(tree, siblings = [tree], index = 0) {
  const below = (tree.children ?? []).flatMap((child, at) => nodesOf(child, tree.children, at))
  return [{ node: tree, siblings, index }, ...below]
}

function treesOf(bytes) {
  const trees = []
  let position = 0
  while (position < bytes.length) {
    const tag = bytes[position]
    let length = bytes[position + 1]
    let start = position + 2
    if (length > 0x80) {
      const count = length & 0x7f
      if (count > 3 || start + count > bytes.length) return undefined
      length = bytes.readUIntBE(start, count)
      start += count
    } else if (length === 0x80 || length === undefined) return undefined
    if (start + length > bytes.length) return undefined
    const content = bytes.subarray(start, start + length)
    const mayHaveChildren = (tag & 0x20) !== 0 || (tag === 0x04 && length > 1)
    const children = mayHaveChildren ? treesOf(content) : undefined
    trees.push(children === undefined ? { tag, content } : { tag, children })
    position = start + length
  }
  return trees
}

function lengthOf(length) {
  if (length < 0x80) return Buffer.from([length])
  const digits = length.toString(16)
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  return Buffer.concat([Buffer.from([0x80 + bytes.length]), bytes])
}
