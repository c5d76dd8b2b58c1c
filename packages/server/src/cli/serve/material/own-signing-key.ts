import { createPublicKey } from 'node:crypto'
import { join, resolve } from 'node:path'
import { writeNewFile } from '../../terminal/new-file.ts'
import { keyInFile, newPrivateKey, pemOfKey } from './key-pair.ts'
import { readPrivateFile, readTextFile } from './private-files.ts'

/** The files with the key that signs tokens, and with its public key. */
export interface SigningKeyFiles {
  readonly keyFile: string
  readonly publicKeyFile: string
}

/**
 * The key in a folder that signs tokens of service accounts, which is made if there is none.
 *
 * @throws {Failure} if it cannot be used.
 */
export async function ownSigningKey(folder: string): Promise<SigningKeyFiles> {
  const files = { keyFile: join(folder, 'sa.key'), publicKeyFile: join(folder, 'sa.pub') }
  const found = readPrivateFile(files.keyFile)
  const privateKey = found === undefined ? await newPrivateKey() : keyInFile(resolve(files.keyFile), found)
  if (found === undefined) writeNewFile(files.keyFile, pemOfKey(privateKey), { replaces: false })
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
  if (readTextFile(files.publicKeyFile) !== publicPem) {
    writeNewFile(files.publicKeyFile, publicPem, { replaces: true })
  }
  return files
}
