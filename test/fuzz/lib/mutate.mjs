// Mutations.
import { encode, nodesOf, treeOf } from './der.mjs'

/** Mutates bytes. @param donors where to take pieces from. */
export function mutateBytes(random, original, donors = [original]) {
  let bytes = Buffer.from(original)
  for (let left = 1 + random.below(3); left > 0; left--)
    bytes = random.pick(BYTE_MUTATIONS)(random, bytes, donors)
  return bytes
}

const BYTE_MUTATIONS = [
  (random, bytes) => changed(random, bytes, (byte) => byte ^ (1 << random.below(8))),
  (random, bytes) => changed(random, bytes, () => random.below(256)),
  (random, bytes) => changed(random, bytes, (byte) => byte + (random.oneIn(2) ? 1 : -1)),
  (random, bytes) => changed(random, bytes, () => random.pick([0, 0x7f, 0x80, 0xff, 0x30, 0x82])),
  (random, bytes) => spliced(random, bytes, Buffer.alloc(0)),
  (random, bytes) => spliced(random, bytes, random.bytes(1 + random.below(8))),
  (random, bytes, donors) => {
    const donor = random.pick(donors)
    const from = random.below(donor.length)
    return spliced(random, bytes, donor.subarray(from, from + 1 + random.below(64)))
  },
  (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
  (random, bytes) => Buffer.concat([bytes, random.bytes(1 + random.below(4))]),
]

function changed(random, bytes, change) {
  if (bytes.length === 0) return bytes
  const copy = Buffer.from(bytes)
  const index = random.below(copy.length)
  copy[index] = change(copy[index])
  return copy
}

function spliced(random, bytes, inserted) {
  const from = random.below(bytes.length + 1)
  const to = from + random.below(Math.min(16, bytes.length - from) + 1)
  return Buffer.concat([bytes.subarray(0, from), inserted, bytes.subarray(to)])
}

/** Mutates the elements of an encoding, so that lengths stay correct, or are wrong deliberately. */
export function mutateTree(random, original, donors = [original]) {
  const tree = treeOf(original)
  for (let left = 1 + random.below(2); left > 0; left--) {
    const { node, siblings, index } = random.pick(nodesOf(tree).slice(1))
    random.pick(TREE_MUTATIONS)(random, { node, siblings, index, donors })
  }
  return encode(tree)
}

const TREE_MUTATIONS = [
  (_, { siblings, index }) => siblings.splice(index, 1),
  (_, { node, siblings, index }) => siblings.splice(index, 0, node),
  (random, { siblings, index }) => {
    const other = random.below(siblings.length)
    ;[siblings[index], siblings[other]] = [siblings[other], siblings[index]]
  },
  (random, { siblings, index, donors }) => {
    siblings[index] = random.pick(nodesOf(treeOf(random.pick(donors)))).node
  },
  (random, { siblings, index, donors }) => {
    siblings.splice(index, 0, random.pick(nodesOf(treeOf(random.pick(donors)))).node)
  },
  (random, { node }) => {
    node.tag = random.pick([
      0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x14, 0x16, 0x1e, 0x17, 0x18, 0x30, 0x31, 0x80, 0xa0,
      0xa3,
    ])
  },
  (random, { node }) => {
    node.tag ^= 1 << random.below(8)
  },
  (random, { node }) => {
    // Lengths in more octets than needed, or of indefinite form.
    node.head = random.pick([
      (length) => Buffer.from([0x82, length >> 8, length & 0xff]),
      (length) => Buffer.from([0x83, 0, length >> 8, length & 0xff]),
      () => Buffer.from([0x80]),
      (length) => Buffer.from([0x81, (length + 1) & 0xff]),
    ])
  },
  ...Array.from({ length: 4 }, () => (random, { node }) => {
    const content = node.content ?? encode(node)
    delete node.children
    node.content = mutateBytes(random, content)
  }),
]

/** Mutates a string. @param parts what to insert, besides pieces of itself. */
export function mutateText(random, original, parts) {
  let text = original
  for (let left = 1 + random.below(3); left > 0; left--) {
    const from = random.below(text.length + 1)
    const to = Math.min(text.length, from + random.below(6))
    const inserted = random.pick([
      '',
      random.pick(parts),
      String.fromCharCode(random.below(256)),
      text.slice(from, from + random.below(40)),
    ])
    text = random.oneIn(8) ? text.slice(0, from) : text.slice(0, from) + inserted + text.slice(to)
  }
  return text
}
