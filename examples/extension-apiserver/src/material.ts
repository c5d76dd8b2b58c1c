import { type Material, prepareMaterial } from '@kube-authn-example/material'

/** The tokens of the cluster's users. */
export type Secret = 'janesToken' | 'joesToken'

/** The name of the app within the cluster: its Service, and the name in its certificate. */
export const SERVICE_NAME = 'catalog.shop.svc'

/**
 * The files of the first run. Three CAs, as in a cluster: one for the cluster's servers and users, one for the front proxy only, and one
 * for the app's server only.
 */
export async function prepareFiles(folder: string): Promise<Material<Secret>> {
  return prepareMaterial(folder, {
    authorities: {
      ca: {
        servers: { cluster: {} },
        clients: {
          ann: { commonName: 'ann', organizations: ['shoppers'] },
          admin: { commonName: 'admin', organizations: ['system:masters'] },
        },
      },
      'front-proxy-ca': { clients: { 'front-proxy': { commonName: 'front-proxy-client' } } },
      'catalog-ca': { servers: { catalog: { hosts: [SERVICE_NAME] } } },
    },
    secrets: ['janesToken', 'joesToken'],
    files: {
      'tokens.csv': ({ janesToken, joesToken }) =>
        `${janesToken},jane,1001,shoppers\n${joesToken},joe,1002,bakers\n`,
      'jane.token': ({ janesToken }) => janesToken,
      'joe.token': ({ joesToken }) => joesToken,
    },
  })
}
