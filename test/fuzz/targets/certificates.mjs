// One certificate below a root, mutated after or before signing. An accepted certificate must be signed by the CA, and OpenSSL must parse the same
// content.
import {
  CertificateError,
  certificatePoolOf,
  parseCertificate,
  valuesOf,
  verifyCertificateChain,
} from '@kube-authn/x509'
import { certificate, CLIENT_AUTH, keyFor, NOW_MS, signed } from '../lib/certificates.mjs'
import { bits, encode, sequence, treeOf } from '../lib/der.mjs'
import { Finding } from '../lib/finding.mjs'
import { mutateBytes, mutateTree } from '../lib/mutate.mjs'
import { isInTime, readByReference } from '../lib/reference.mjs'

export const name = 'certificates'

const authorities = ['Ed25519', 'P-256', 'RSA'].map((kind) =>
  certificate({ subject: [['CN', `root ${kind}`]], key: keyFor(`root ${kind}`, kind), isAuthority: true }),
)
const subjects = [
  [['CN', 'alice']],
  [
    ['O', 'developers'],
    ['O', 'ops, on call'],
    ['CN', 'bob'],
    ['CN', 'last', 0x13],
    ['UID', 'u-1'],
  ],
  [
    ['OU', 'x'],
    ['CN', 'caf\u00e9', 0x14],
    ['O', 'z', 0x16],
  ],
]
const leaves = authorities.flatMap((issuer) =>
  subjects.map((subject, index) =>
    certificate({
      subject,
      issuer,
      key: keyFor(`leaf ${index}`, index === 0 ? 'Ed25519' : 'P-256'),
      serial: 1000 + index,
      ...(index !== 1 && { purposes: [CLIENT_AUTH] }),
    }),
  ),
)
const donors = [...authorities, ...leaves].map(({ der }) => der)
const everSigned = new Set([...authorities, ...leaves].map(({ tbs }) => tbs.toString('latin1')))
const pools = new Map(authorities.map((each) => [each, certificatePoolOf([parseCertificate(each.der)])]))
const referenceOf = new Map(authorities.map((each) => [each, readByReference(each.der)]))
const none = certificatePoolOf([])

/** @returns the outcome. */
export async function run(random) {
  const leaf = random.pick(leaves)
  const { der, isResigned } = spoiled(random, leaf)
  let parsed
  try {
    parsed = parseCertificate(new Uint8Array(der))
    await verifyCertificateChain({
      leaf: parsed,
      intermediates: none,
      roots: pools.get(leaf.issuer),
      nowMs: NOW_MS,
    })
  } catch (error) {
    if (!(error instanceof CertificateError))
      throw new Finding(`an error of no kind: ${error?.stack}`, { der })
    return parsed === undefined ? 'unreadable' : 'refused'
  }
  judge(der, parsed, referenceOf.get(leaf.issuer), isResigned)
  return isResigned ? 'accepted, signed anew' : 'accepted'
}

function spoiled(random, leaf) {
  const how = random.below(10)
  if (how === 0) return { der: leaf.der, isResigned: false }
  if (how <= 2) return { der: mutateBytes(random, leaf.der, donors), isResigned: false }
  if (how === 3) return { der: mutateTree(random, leaf.der, donors), isResigned: false }
  const mutate = random.oneIn(3) ? mutateBytes : mutateTree
  const tbs = mutate(random, leaf.tbs, [leaf.tbs, ...donors])
  // Sometimes with the signature of another certificate.
  if (how === 4)
    return {
      der: sequence(tbs, encode(treeOf(leaf.der).children[1]), bits(0, random.bytes(64))),
      isResigned: false,
    }
  return { der: signed(tbs, leaf.signer), isResigned: true }
}

function judge(der, parsed, authority, isResigned) {
  const fail = (message) => {
    throw new Finding(message, { der, authority: authority.raw })
  }
  if (!isResigned && !everSigned.has(Buffer.from(parsed.signedBytes).toString('latin1'))) {
    fail('accepted what the CA never signed')
  }
  if (!der.equals(Buffer.from(parsed.der))) fail('accepted a part of what was given')
  const reference = readByReference(der)
  if (reference === undefined) fail('accepted what OpenSSL cannot read')
  if (!reference.verify(authority.publicKey)) fail('accepted a signature that OpenSSL refuses')
  if (reference.issuer !== authority.subject) fail('accepted an issuer that OpenSSL reads differently')
  if (!isInTime(reference, NOW_MS)) fail('accepted what OpenSSL takes for expired')
  if (BigInt(`0x${reference.serialNumber.replace('-', '')}`) !== absolute(parsed.serialNumber)) {
    fail('read another serial number than OpenSSL')
  }
  const { subject } = reference.toLegacyObject()
  for (const [attribute, type] of [
    ['CN', '2.5.4.3'],
    ['O', '2.5.4.10'],
  ]) {
    const theirs = subject?.[attribute] === undefined ? [] : [subject[attribute]].flat()
    const ours = valuesOf(parsed.subject, type)
    if (JSON.stringify(theirs) !== JSON.stringify(ours)) {
      fail(`read ${attribute} as ${JSON.stringify(ours)} where OpenSSL reads ${JSON.stringify(theirs)}`)
    }
  }
}

function absolute(value) {
  return value < 0n ? -value : value
}
