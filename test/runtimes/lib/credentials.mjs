import { Buffer } from 'node:buffer'
import { createPki } from '@kube-authn/testing'

/**
 * Client certificates for all runtimes, with every fault: chains in base64, leaf first, and the CA of the good ones.
 */
export async function makeCredentials() {
  const pki = await createPki()
  const below = await pki.issueIntermediate({ commonName: 'below' })
  const rsa = await pki.issueIntermediate({ commonName: 'rsa', algorithm: 'RSA-2048' })
  const jane = { commonName: 'jane', organizations: ['dev', 'ops'] }
  const faults = ['expired', 'notYetValid', 'wrongPurpose', 'selfSigned', 'forged']
  const bad = await Promise.all(faults.map((wrong) => below.issueClient({ ...jane, wrong })))
  return {
    caPem: pki.caPem,
    jane: told(await (await below.issueIntermediate({ commonName: 'further below' })).issueClient(jane)),
    rsa: told(await rsa.issueClient({ commonName: 'rsa' })),
    p384: told(await pki.issueClient({ commonName: 'p384', algorithm: 'P-384' })),
    bad: [...bad, await (await createPki()).issueClient(jane)].map(told),
  }
}

const told = ({ chainDer }) => chainDer.map((der) => Buffer.from(der).toString('base64'))
