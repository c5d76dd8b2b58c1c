// Matching and non-matching certificates, mixed to chains. Intact ones must get the verdict of the reference; a mutated one must not be accepted if
// the reference refuses it.
import {
  CertificateError,
  certificatePoolOf,
  parseCertificate,
  verifyCertificateChain,
} from '@kube-authn/x509'
import {
  ANY_USAGE,
  certificate,
  CLIENT_AUTH,
  DAY_MS,
  keyFor,
  NOW_MS,
  SERVER_AUTH,
} from '../lib/certificates.mjs'
import { Finding } from '../lib/finding.mjs'
import { mutateBytes, mutateTree } from '../lib/mutate.mjs'
import { hasChain, readByReference } from '../lib/reference.mjs'

export const name = 'chains'

const authority = (label, issuer, more = {}) =>
  certificate({
    label,
    subject: [['CN', more.named ?? label]],
    issuer,
    key: keyFor(more.keyed ?? label, more.kind),
    isAuthority: true,
    ...more,
  })

const one = authority('root one')
const two = authority('root two', undefined, { kind: 'P-256' })
const twin = authority('root one again', undefined, { named: 'root one' })
const over = authority('root that is over', undefined, { notAfterMs: NOW_MS - DAY_MS / 2 })
const short = authority('root for leaves only', undefined, { pathLength: 0 })
const roots = [one, two, twin, over, short]

const first = authority('first', one)
const crossed = authority('first by two', two, { named: 'first', keyed: 'first' })
const second = authority('second', first, { pathLength: 0 })
const third = authority('third', second)
const past = authority('past', one, { notAfterMs: NOW_MS - DAY_MS / 2 })
const soon = authority('soon', one, { notBeforeMs: NOW_MS + DAY_MS / 2 })
const servers = authority('servers only', one, { purposes: [SERVER_AUTH] })
const anything = authority('anything', one, { purposes: [ANY_USAGE] })
const demanding = authority('demanding', one, { critical: '1.2.3.4' })
const powerless = authority('may not sign', one, { usages: 'digitalSignature' })
const belowShort = authority('below short', short)
const loopA = authority('loop', second, { named: 'loop', keyed: 'loop' })
const loopB = authority('second by loop', loopA, { named: 'second', keyed: 'second' })
const signers = [
  first,
  crossed,
  second,
  third,
  past,
  soon,
  servers,
  anything,
  demanding,
  powerless,
  belowShort,
  loopA,
  loopB,
]
const notAnAuthority = certificate({
  label: 'no CA',
  subject: [['CN', 'no CA']],
  issuer: one,
  key: keyFor('no CA'),
})

const leafKinds = [
  {},
  { purposes: [CLIENT_AUTH] },
  { purposes: [SERVER_AUTH] },
  { purposes: [SERVER_AUTH, ANY_USAGE] },
  { notAfterMs: NOW_MS - 1000 },
  { notBeforeMs: NOW_MS + 1000 },
  { critical: '1.2.3.5' },
  { signer: keyFor('somebody else') },
]
const leaves = [...roots, ...signers, notAnAuthority].flatMap((issuer) =>
  leafKinds.map((kind, index) =>
    certificate({
      label: `leaf ${index} of ${issuer.label}`,
      subject: [['CN', 'leaf']],
      issuer,
      key: keyFor('leaf'),
      serial: 1 + index,
      ...kind,
    }),
  ),
)
const all = [...roots, ...signers, notAnAuthority, ...leaves].map((made) => ({
  made,
  der: made.der,
  x509: readByReference(made.der),
  parsed: parseCertificate(new Uint8Array(made.der)),
}))
const entryOf = new Map(all.map((entry) => [entry.made, entry]))
const donors = [one, first, second, leaves[0], leaves[1]].map(({ der }) => der)
/** A leaf with all of its issuers, so that enough chains are complete. */
const pathOf = (made) => (made.issuer === undefined ? [] : [made.issuer, ...pathOf(made.issuer)])

export async function run(random) {
  const leaf = entryOf.get(random.pick(leaves))
  const path = pathOf(leaf.made)
  const wanted = random.oneIn(2) ? path : random.some(path, 0.9)
  const others = random.some([...signers, notAnAuthority, ...roots], 0.2)
  let presented = random.some([...new Set([...wanted, ...others])], 1).map((made) => entryOf.get(made))
  const trusted = random
    .some([...new Set([...path.slice(-1), ...random.some([...roots, first, leaf.made], 0.3)])], 0.9)
    .map((made) => entryOf.get(made))
  let presentedLeaf = leaf
  const isSpoiled = random.oneIn(2)
  try {
    if (isSpoiled) {
      const index = random.below(presented.length + 1) - 1
      if (index === -1) presentedLeaf = spoiled(random, leaf)
      else presented = replaced(random, presented, index)
    }
    const chain = await verifyCertificateChain({
      leaf: presentedLeaf.parsed,
      intermediates: certificatePoolOf(presented.map(({ parsed }) => parsed)),
      roots: certificatePoolOf(trusted.map(({ parsed }) => parsed)),
      nowMs: NOW_MS,
    })
    if (!isAccepted(presentedLeaf, presented, trusted)) fail('accepted what the reference refuses')
    if (!Buffer.from(chain[0].der).equals(presentedLeaf.der)) fail('accepted another leaf')
    return isSpoiled ? 'accepted, with one spoiled' : 'accepted'
  } catch (error) {
    if (error instanceof Finding) throw error
    if (!(error instanceof CertificateError)) fail(`an error of no kind: ${error?.stack}`)
    if (!isSpoiled && error.code !== 'limit' && isAccepted(leaf, presented, trusted)) {
      fail(`refused what the reference accepts: ${error.message}`)
    }
    return isSpoiled ? 'refused, with one spoiled' : 'refused'
  }

  function fail(message) {
    throw new Finding(message, {
      leaf: { label: leaf.made.label, der: presentedLeaf.der },
      presented: presented.map(({ made, der }) => ({ label: made.label, der })),
      trusted: trusted.map(({ made }) => made.label),
    })
  }
}

function replaced(random, list, index) {
  return list.map((each, at) => (at === index ? spoiled(random, each) : each))
}

function spoiled(random, { made, der: original }) {
  const der = (random.oneIn(2) ? mutateBytes : mutateTree)(random, original, donors)
  return { made, der, parsed: parseCertificate(new Uint8Array(der)), x509: readByReference(der) }
}

function isAccepted(leaf, presented, trusted) {
  if (leaf.x509 === undefined) return false
  return hasChain({
    leaf,
    presented: presented.filter(({ x509 }) => x509 !== undefined),
    roots: trusted,
    nowMs: NOW_MS,
    purpose: CLIENT_AUTH,
    anyPurpose: ANY_USAGE,
  })
}
