import { type Material, prepareMaterial } from '@kube-authn-example/material'

/** The passwords of the cloud's users. */
export type Secret = 'adminsPassword' | 'janesPassword' | 'joesPassword'

/** The files of the first run: the certificate is that of both servers. */
export async function prepareFiles(folder: string): Promise<Material<Secret>> {
  return prepareMaterial(folder, {
    authorities: { ca: { servers: { server: {} } } },
    secrets: ['adminsPassword', 'janesPassword', 'joesPassword'],
  })
}
