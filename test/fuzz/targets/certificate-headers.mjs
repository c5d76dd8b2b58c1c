// Certificates in headers, written as by proxies and then mutated, from the proxy and from others. An accepted certificate must have been in the
// header, complete, and signed by the CA.
import { createHash } from 'node:crypto'
import { AuthenticationError, emptyContext } from '@kube-authn/core'
import { certificateHeaders, clientCertificate } from '@kube-authn/core/client-certificate'
import { parseCertificate } from '@kube-authn/x509'
import { fakeRequest } from '@kube-authn/testing'
import { certificate, CLIENT_AUTH, keyFor, NOW_MS, pemOf } from '../lib/certificates.mjs'
import { Finding } from '../lib/finding.mjs'
import { mutateBytes, mutateText } from '../lib/mutate.mjs'

export const name = 'certificate-headers'

const root = certificate({ subject: [['CN', 'root']], key: keyFor('header root'), isAuthority: true })
const strange = certificate({ subject: [['CN', 'root']], key: keyFor('strange root'), isAuthority: true })
const between = certificate({
  subject: [['CN', 'between']],
  issuer: root,
  key: keyFor('between'),
  isAuthority: true,
})
const leafOf = (commonName, issuer, more = {}) =>
  certificate({
    subject: [['CN', commonName]],
    issuer,
    key: keyFor(commonName),
    purposes: [CLIENT_AUTH],
    ...more,
  })
const alice = leafOf('alice', root)
const bob = leafOf('bob', between)
// A certificate without purposes is valid for all of them, also a CA's, as in Go.
const known = [alice, bob, between]
const mallory = leafOf('mallory', strange)
const stale = leafOf('stale', root, { notAfterMs: NOW_MS - 1000 })
const chainsToSend = [
  [alice],
  [bob, between],
  [bob],
  [mallory],
  [mallory, strange],
  [stale],
  [alice, bob],
  [between],
]
const commonNameOf = new Map(known.map(({ tbs, subject }) => [tbs.toString('latin1'), subject[0][1]]))

/** How each proxy writes a chain, and whether a header has this leaf, as the reference sees it. */
const FORMATS = {
  'client-cert': {
    write: ([leaf, ...others]) => [
      ['Client-Cert', byteSequence(leaf)],
      ...(others.length === 0 ? [] : [['Client-Cert-Chain', others.map(byteSequence).join(', ')]]),
    ],
    holds: (value, leaf) => leaf.equals(Buffer.from(value.trim().slice(1, -1), 'base64')),
    header: 'client-cert',
  },
  nginx: {
    write: ([leaf]) => [['ssl-client-cert', encodeURIComponent(pemOf(leaf))]],
    holds: (value, leaf) => leaf.equals(bytesOfPem(decodeURIComponent(value))),
    header: 'ssl-client-cert',
  },
  envoy: {
    write: (chain) => [
      [
        'X-Forwarded-Client-Cert',
        [
          `By=spiffe://a/b;Hash=${createHash('sha256').update(chain[0]).digest('hex')}`,
          `Cert="${encodeURIComponent(pemOf(chain[0]))}"`,
          `Subject="CN=\\"a\\",O=b"`,
          ...(chain.length > 1 ? [`Chain="${encodeURIComponent(chain.map(pemOf).join(''))}"`] : []),
        ].join(';'),
      ],
    ],
    // The position of the leaf among its values is not checked.
    holds: (value, leaf) =>
      value
        .replaceAll(/%0D|%0A/gi, '')
        .replaceAll(/%2B/gi, '+')
        .replaceAll(/%2F/gi, '/')
        .replaceAll(/%3D/gi, '=')
        .includes(leaf.toString('base64')) &&
      value.toLowerCase().includes(`hash=${createHash('sha256').update(leaf).digest('hex')}`),
    header: 'x-forwarded-client-cert',
  },
}
const PARTS = [
  ':',
  ',',
  ';',
  '"',
  '\\"',
  '=',
  ' ',
  '\t',
  '%',
  '%0A',
  '%00',
  '%2B',
  '+',
  'Cert=',
  'Chain=',
  'Hash=',
  'Subject=',
  encodeURIComponent('-----BEGIN CERTIFICATE-----\n'),
  encodeURIComponent('\n-----END CERTIFICATE-----\n'),
  byteSequence(mallory.der),
  encodeURIComponent(pemOf(mallory.der)),
  encodeURIComponent(pemOf(alice.der)),
]

export async function run(random) {
  const format = random.pick(Object.keys(FORMATS))
  const { write } = FORMATS[format]
  const isFromProxy = !random.oneIn(4)
  const chain = random
    .pick(chainsToSend)
    .map(({ der }) => (random.oneIn(6) ? mutateBytes(random, der, [alice.der, mallory.der]) : der))
  let headers = write(chain).map(([header, value]) => [
    header,
    random.oneIn(2) ? mutateText(random, value, PARTS) : value,
  ])
  if (random.oneIn(6)) headers.push(random.pick(write([mallory.der, strange.der])))
  if (random.oneIn(8)) headers.push([headers[0][0].replace('-', '_'), headers[0][1]])
  if (random.oneIn(8)) headers = headers.map(([header, value]) => [header.toUpperCase(), value])
  if (random.oneIn(16)) headers.reverse()

  let shown = []
  const verifier = clientCertificate({
    ca: pemOf(root.der),
    clock: { now: () => NOW_MS, after: () => () => {} },
  })
  const authenticator = certificateHeaders(
    { format, trusts: () => isFromProxy },
    {
      ...verifier,
      authenticate(request, context) {
        shown = request.peerCertificates?.() ?? []
        return verifier.authenticate(request, context)
      },
    },
  )
  const fail = (message) => {
    throw new Finding(message, { format, isFromProxy, headers })
  }
  let authentication
  try {
    authentication = await authenticator.authenticate(
      fakeRequest({ headers, peerCertificates: [alice.der] }),
      emptyContext,
    )
  } catch (error) {
    if (!(error instanceof AuthenticationError)) fail(`an error of no kind: ${error?.stack}`)
    if (error.code !== 'rejected') fail(`what a client sent was called an outage: ${error.message}`)
    if (/MII|BEGIN|%0A/.test(error.message)) fail(`told what was in the header: ${error.message}`)
    return 'refused'
  }
  if (authentication === undefined) return 'no user'
  if (!isFromProxy) fail('trusted a sender that is not the proxy')
  const [leaf] = shown
  const { signedBytes } = parseCertificate(new Uint8Array(leaf))
  const commonName = commonNameOf.get(Buffer.from(signedBytes).toString('latin1'))
  if (commonName === undefined) fail('accepted what the CA never signed for a client')
  if (authentication.user.username !== commonName)
    fail(`took ${commonName} for ${authentication.user.username}`)
  const { header, holds } = FORMATS[format]
  const values = headers.filter(([each]) => each.toLowerCase() === header).map(([, value]) => value)
  // Envoy's may have been written in several.
  if (!holds(values.join(','), Buffer.from(leaf))) fail('accepted another leaf than the header has')
  return 'accepted'
}

function byteSequence(der) {
  return `:${Buffer.from(der).toString('base64')}:`
}

function bytesOfPem(pem) {
  const [, base64] = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/.exec(pem)
  return Buffer.from(base64, 'base64')
}
