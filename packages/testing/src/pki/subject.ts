import { type JsonNameParams, Name } from './x509-library.ts'

/** The parts of a subject that Kubernetes reads. */
export interface Subject {
  readonly commonName?: string | undefined
  readonly organizations?: readonly string[] | undefined
  readonly uid?: string | undefined
}

/** The attribute of a user's uid in Kubernetes. */
const UID = '1.3.6.1.4.1.57683.2'

/** A distinguished name: organizations in order, common name, uid; each alone in its RDN, as a UTF8String. */
export function distinguishedName({ commonName, organizations = [], uid }: Subject): Name {
  const attributes: JsonNameParams = [
    ...organizations.map((value) => ({ O: [{ utf8String: value }] })),
    ...(commonName === undefined ? [] : [{ CN: [{ utf8String: commonName }] }]),
    ...(uid === undefined ? [] : [{ [UID]: [{ utf8String: uid }] }]),
  ]
  return new Name(attributes)
}
