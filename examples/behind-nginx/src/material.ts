import { type Material, prepareMaterial, saltedSha1 } from '@kube-authn-example/material'

/** The credentials of the users. */
export type Secret = 'janesPassword' | 'joesPassword' | 'robotsToken'

/** The common name in nginx's certificate, and the only one the app trusts. */
export const FRONT_PROXY = 'front-proxy'

/** The files of the first run. nginx finds its files by name in the same folder, which is its prefix. */
export async function prepareFiles(folder: string): Promise<Material<Secret>> {
  return prepareMaterial(folder, {
    authorities: {
      // Here nginx and the app are on one machine and share this certificate; elsewhere each has its own.
      ca: { servers: { server: {} } },
      // The CA of proxies. It signs no other certificates.
      'front-proxy-ca': {
        clients: { 'front-proxy': { commonName: FRONT_PROXY }, 'other-proxy': { commonName: 'other-proxy' } },
      },
      // The name of the proxy from an untrusted CA.
      'other-ca': { clients: { impostor: { commonName: FRONT_PROXY } } },
    },
    secrets: ['janesPassword', 'joesPassword', 'robotsToken'],
    files: {
      htpasswd: ({ janesPassword, joesPassword }) =>
        `jane:${saltedSha1(janesPassword)}\njoe:${saltedSha1(joesPassword)}\n`,
      'tokens.csv': ({ robotsToken }) => `${robotsToken},robot,1,machines\n`,
    },
  })
}
