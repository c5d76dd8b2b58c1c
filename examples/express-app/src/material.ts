import { type Material, prepareMaterial, scryptHash } from '@kube-authn-example/material'

/** The credentials of the users, and the client secret for the issuer. */
export type Secret = 'janesToken' | 'clarksToken' | 'joesPassword' | 'marysPassword' | 'clientSecret'

/** The files of the first run. */
export async function prepareFiles(folder: string): Promise<Material<Secret>> {
  return prepareMaterial(folder, {
    authorities: {
      ca: { servers: { server: {} } },
      'issuer-ca': { servers: { issuer: {} } },
      // The CA of the users' certificates. It is not the server's CA.
      'client-ca': { clients: { jbeda: { commonName: 'jbeda', organizations: ['app1', 'app2'] } } },
      // The CA of the authenticating proxy.
      'proxy-ca': { clients: { proxy: { commonName: 'proxy' } } },
      // The same name from an untrusted CA.
      'other-ca': { clients: { stranger: { commonName: 'jbeda', organizations: ['app1'] } } },
    },
    // Service account tokens are signed with it.
    signingKeys: ['sa'],
    secrets: ['janesToken', 'clarksToken', 'joesPassword', 'marysPassword', 'clientSecret'],
    files: {
      'tokens.csv': ({ janesToken, clarksToken }) =>
        `${janesToken},jane,1001,"developers,app1"\n${clarksToken},clark,1003,reporters\n`,
      'passwords.csv': ({ joesPassword }) => `"${scryptHash(joesPassword)}",joe,1002,operators\n`,
    },
  })
}
