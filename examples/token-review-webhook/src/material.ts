import { type Material, prepareMaterial } from '@kube-authn-example/material'

/** The files of the first run, for the webhook and for a kube-apiserver. */
export async function prepareFiles(folder: string): Promise<Material<'janesToken'>> {
  return prepareMaterial(folder, {
    authorities: {
      ca: { servers: { server: {} } },
      // The CA of the kube-apiservers that may ask. It signs no other certificates.
      'callers-ca': { clients: { 'kube-apiserver': { commonName: 'kube-apiserver' } } },
    },
    secrets: ['janesToken'],
    files: { 'tokens.csv': ({ janesToken }) => `${janesToken},jane,1001,"developers,app1"\n` },
  })
}
