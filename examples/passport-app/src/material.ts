import { type Material, prepareMaterial } from '@kube-authn-example/material'

/** The credentials of the users. */
export type Secret = 'janesToken' | 'joesPassword'

/** The paths of the users' files: `token,name,uid,"groups"` and `password,name,uid,"groups"`. */
export interface Files {
  readonly tokenFile: string
  readonly passwordFile: string
}

/** The files of the first run. */
export async function prepareFiles(folder: string): Promise<Material<Secret>> {
  return prepareMaterial(folder, {
    secrets: ['janesToken', 'joesPassword'],
    files: {
      'tokens.csv': ({ janesToken }) => `${janesToken},jane,1001,"developers,app1"\n`,
      'passwords.csv': ({ joesPassword }) => `${joesPassword},joe,1002,operators\n`,
    },
  })
}
