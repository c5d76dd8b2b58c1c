import { certificateUser } from '@kube-authn/core/client-certificate'
import {
  certificatePool,
  certificatePoolOf,
  parseCertificate,
  verifyCertificateChain,
} from '@kube-authn/x509'
import { createPki, fixedClock } from '@kube-authn/testing'
import { checksOf } from './check.mjs'
import { expectEqual } from './expect.mjs'

// Most of the kit is at work in the other checks.
const check = checksOf('test kit')

check('makes certificates', async () => {
  const pki = await createPki()
  const below = await pki.issueIntermediate({ commonName: 'below' })
  const jane = await below.issueClient({ commonName: 'jane', organizations: ['dev', 'ops'] })
  const [leaf, ...intermediates] = jane.chainDer.map((der) => parseCertificate(der))
  const roots = certificatePool(pki.caPem)
  const options = { leaf, intermediates: certificatePoolOf(intermediates), roots, nowMs: Date.now() }
  expectEqual((await verifyCertificateChain(options)).length, 3)
  const { username, groups } = certificateUser(leaf)
  expectEqual([username, groups], ['jane', ['dev', 'ops']])
})

check('moves a clock', async () => {
  const clock = fixedClock(0)
  const rung = []
  clock.after(10, () => rung.push('first'))
  clock.after(20, () => rung.push('second'))
  await clock.advanceAsync(15)
  expectEqual([clock.now(), rung], [15, ['first']])
})
