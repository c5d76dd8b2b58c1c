import { authenticatorChain } from '@kube-authn/core'
import { fetchRequest, requirePeerCertificates } from '@kube-authn/core/adapter'
import {
  certificateHeaders,
  clientCertificate,
  cloudflareCertificates,
  cloudflareClientCertificate,
  requestHeader,
} from '@kube-authn/core/client-certificate'
import {
  certificatePool,
  certificatePoolOf,
  parseCertificate,
  verifyCertificateChain,
} from '@kube-authn/x509'
import { checksOf } from './check.mjs'
import { expectEqual, expectText, thrownBy } from './expect.mjs'
import { requestOfCloudflare, requestWith, whoIs, whoMakes } from './requests.mjs'

let world
/** The credentials of the checks, created elsewhere; `jane` has two intermediates. */
export function useCredentials({ caPem, jane, rsa, p384, bad }) {
  world = { caPem, jane: readCredential(jane), rsa: readCredential(rsa), p384: readCredential(p384) }
  world.bad = bad.map(readCredential)
}

const readCredential = (chain) => ({
  chainDer: chain.map((base64) => Uint8Array.from(atob(base64), (character) => character.codePointAt(0))),
})

const verify = async ({ chainDer }) => {
  const [leaf, ...rest] = chainDer.map((der) => parseCertificate(der))
  return verifyCertificateChain({
    leaf,
    intermediates: certificatePoolOf(rest),
    roots: certificatePool(world.caPem),
    nowMs: Date.now(),
  })
}

const base64Of = (der) => btoa(String.fromCodePoint(...der))
const pemOf = (der) => `-----BEGIN CERTIFICATE-----\n${base64Of(der)}\n-----END CERTIFICATE-----\n`

const chainCheck = checksOf('x509')

chainCheck('verifies chains of ECDSA and RSA', async () => {
  expectEqual((await verify(world.jane)).length, 4)
  expectEqual((await verify(world.rsa)).length, 3)
  expectEqual((await verify(world.p384)).length, 2)
})

chainCheck(
  'rejects certificates that are expired, not yet valid, for servers, self-signed or of another CA',
  async () => {
    for (const credential of world.bad) {
      expectEqual((await thrownBy(() => verify(credential))).name, 'CertificateError')
    }
  },
)

const check = checksOf('certificate headers')

/** The headers of a proxy, in the format of RFC 9440. */
const rfc9440 = ({ chainDer: [leaf, ...rest] }) => ({
  'client-cert': `:${base64Of(leaf)}:`,
  ...(rest.length > 0 && { 'client-cert-chain': rest.map((der) => `:${base64Of(der)}:`).join(', ') }),
})

function behindProxy(options = {}) {
  const proxied = certificateHeaders(
    { format: 'client-cert', trusts: () => true, ...options },
    clientCertificate({ ca: world.caPem }),
  )
  return authenticatorChain({ requests: [proxied] })
}

check('know a user by a chain that is verified here', async () => {
  const { username, groups } = await whoIs(behindProxy(), rfc9440(world.jane))
  expectEqual([username, groups.slice(0, 2)], ['jane', ['dev', 'ops']])
})

check('know a user by a certificate of nginx and of Envoy', async () => {
  const pem = world.jane.chainDer.map(pemOf).join('')
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', world.jane.chainDer[0]))
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const envoy = { 'x-forwarded-client-cert': `Hash=${hash};Chain="${encodeURIComponent(pem)}"` }
  expectEqual((await whoIs(behindProxy({ format: 'envoy' }), envoy)).username, 'jane')
  const nginx = { 'ssl-client-cert': encodeURIComponent(pemOf(world.p384.chainDer[0])) }
  expectEqual((await whoIs(behindProxy({ format: 'nginx' }), nginx)).username, 'p384')
})

check('reject every chain that does not hold', async () => {
  const chain = behindProxy()
  for (const credential of world.bad) {
    expectEqual(await whoIs(chain, rfc9440(credential)), 'rejected')
  }
  expectEqual(await whoIs(chain, { 'client-cert': 'garbage' }), 'rejected')
})

check('are nothing where the proxy did not send them', async () => {
  expectEqual(await whoIs(behindProxy({ trusts: () => false }), rfc9440(world.jane)), 'nobody')
})

check('reject two leaves, which may come from two proxies or from the client', async () => {
  const headers = new Headers(rfc9440(world.jane))
  headers.append('client-cert', rfc9440(world.p384)['client-cert'])
  expectEqual(await whoIs(behindProxy(), headers), 'rejected')
})

const cloudflareCheck = checksOf('cloudflare')
const VERIFIED = { certPresented: '1', certVerified: 'SUCCESS', certRevoked: '0' }
const toldByCloudflare = (tlsClientAuth) => requestOfCloudflare({ tlsClientAuth })

cloudflareCheck('tells a subject', async () => {
  const chain = authenticatorChain({ requests: [cloudflareClientCertificate()] })
  const told = { ...VERIFIED, certSubjectDNRFC2253: 'CN=jane,O=ops,O=dev' }
  expectEqual((await whoMakes(chain, toldByCloudflare(told))).username, 'jane')
  for (const change of [{ certVerified: 'FAILED:expired' }, { certVerified: 'NONE' }, { certRevoked: '1' }]) {
    expectEqual(await whoMakes(chain, toldByCloudflare({ ...told, ...change })), 'rejected')
  }
  expectEqual(await whoMakes(chain, toldByCloudflare({ ...told, certPresented: '0' })), 'nobody')
})

cloudflareCheck('tells a chain, which is verified here', async () => {
  const chain = authenticatorChain({
    requests: [cloudflareCertificates(clientCertificate({ ca: world.caPem }))],
  })
  const told = (credential) => {
    const headers = rfc9440(credential)
    const { 'client-cert': certRFC9440, 'client-cert-chain': certChainRFC9440 = '' } = headers
    return toldByCloudflare({ ...VERIFIED, certRFC9440, certChainRFC9440 })
  }
  expectEqual((await whoMakes(chain, told(world.jane))).groups.slice(0, 2), ['dev', 'ops'])
  for (const credential of world.bad) {
    expectEqual(await whoMakes(chain, told(credential)), 'rejected')
  }
})

/** @param facts see `makeSuite`. */
export function checkPeerCertificates(facts) {
  const peerCheck = checksOf('peer certificates')

  peerCheck('are refused, with what to do instead, when an app is made that never gets them', async () => {
    const names = { usernameHeaders: ['X-Remote-User'], allowedNames: ['proxy'] }
    for (const authenticator of [
      authenticatorChain({ clientCertificate: clientCertificate({ ca: world.caPem }) }),
      authenticatorChain({ requestHeader: requestHeader({ ...names, ca: world.caPem }) }),
    ]) {
      const make = () => requirePeerCertificates(authenticator)
      if (facts.peerCertificates) {
        make()
      } else {
        const error = await thrownBy(make)
        expectEqual(error.name, 'ConfigurationError')
        expectText(error.message, 'certificateHeaders')
      }
    }
  })

  peerCheck('authenticate no user if a request has none', async () => {
    const chain = authenticatorChain({ clientCertificate: clientCertificate({ ca: world.caPem }) })
    expectEqual(await whoMakes(chain, requestWith()), 'nobody')
    expectEqual(fetchRequest(requestWith()).peerCertificates, undefined)
  })
}
