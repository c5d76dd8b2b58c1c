import type { Difference } from '../difference.ts'

/** Messages of kube-apiserver, and ours. */
type Words = readonly [there: RegExp, here: (match: RegExpExecArray, said: string) => RegExp | string]

const OTHER_VERSION = /^the API version in the data does not match the expected API version \([\w./]+\)$/
const MEDIA_TYPES = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
/** Messages if an object of some type is expected. */
const UNRECOGNIZED = String.raw`^the object provided is unrecognized \(must be of type (\w+)\): `
const CANNOT_BE = String.raw`^\w* in version "[^"]*" cannot be handled as a (\w+): `

const words: readonly Words[] = [
  [
    new RegExp(
      `${UNRECOGNIZED}couldn't get version/kind; json parse error: json: cannot unmarshal \\w+ into Go struct field \\.(kind|apiVersion) `,
    ),
    ([, , field]) => `${field}: Invalid value: must be a string`,
  ],
  [
    new RegExp(`${UNRECOGNIZED}couldn't get version/kind; json parse error: json: cannot unmarshal `),
    ([, kind]) => `not a ${kind}`,
  ],
  [
    new RegExp(`${UNRECOGNIZED}couldn't get version/kind; json parse error: `),
    () => /^the body of the request is not (?:JSON|UTF-8)$/,
  ],
  [
    new RegExp(`${UNRECOGNIZED}provided data does not appear to be a protobuf message`),
    () => /^the body of the request is not a Kubernetes protobuf message: /,
  ],
  [new RegExp(`${UNRECOGNIZED}unexpected GroupVersion string: `), () => OTHER_VERSION],
  [
    // The path is equal, except for list positions and map keys.
    new RegExp(`${CANNOT_BE}json: cannot unmarshal \\w+ into Go struct field \\w+\\.([\\w.]+) of type `),
    ([, , path = '']) =>
      new RegExp(
        String.raw`^${path.split('.').join(String.raw`(?:\[\d+\])?\.`)}(?:\[\d+\]|\.\w+)*: Invalid value: must be (?:a string|a boolean|a whole number|an object|a list of (?:strings|objects))$`,
      ),
  ],
  [
    new RegExp(`${CANNOT_BE}(?:no kind "\\w*" is registered for version|converting \\()`),
    ([, kind]) => new RegExp(`^not a ${kind}$|${OTHER_VERSION.source}`),
  ],
  [new RegExp(`${CANNOT_BE}(?=strict decoding error: )`), ([prefix], said) => said.slice(prefix.length)],
  [
    /^the API version in the data \([\w./]+\) does not match the expected API version \(([\w./]+)\)$/,
    ([, expected]) => `the API version in the data does not match the expected API version (${expected})`,
  ],
  [
    /^(only the following media types are accepted: )application\/json, application\/yaml, application\/vnd\.kubernetes\.protobuf/,
    ([, beginning]) => `${beginning}application/json`,
  ],
  [
    /^406: Not Acceptable\n\nAvailable representations: /,
    () => 'only the following media types are accepted: application/json',
  ],
  [
    /^the body of the request was in an unknown format - accepted media types include: (.*)$/,
    (_, said) => said.replace(MEDIA_TYPES, 'application/json, application/vnd.kubernetes.protobuf'),
  ],
  // There the handler ran, and found another problem first.
  [
    /^no namespace on request$|^token is required for TokenReview/,
    () => /^the body of the request is not |^not an? \w+$/,
  ],
  [
    /^requested &user\.DefaultInfo\{Name:"", UID:(".*"), Groups:(.*), Extra:(map.*)\} without impersonating a user name$/s,
    ([, uid, groups = '', extra = '']) =>
      `requested ${parts(uid !== '""', !groups.endsWith('(nil)'), !extra.endsWith('(nil)'))} without impersonating a user name`,
  ],
  [
    /^requested \[(\{(?:UID|Group|UserExtra) .*)\] without impersonating a user$/s,
    ([, wishes = '']) =>
      `requested ${parts(wishes.includes('{UID '), wishes.includes('{Group '), wishes.includes('{UserExtra '))} without impersonating a user`,
  ],
]

/** Whether a refusal has the same meaning in different words. */
export function isSaidInOtherWords({ there, here }: Difference): boolean {
  if (typeof there !== 'string' || typeof here !== 'string') return false
  for (const [said, says] of words) {
    const match = said.exec(there)
    if (match === null) continue
    const expected = says(match, there)
    return typeof expected === 'string' ? here === expected : expected.test(here)
  }
  return false
}

function parts(hasUid: boolean, hasGroups: boolean, hasExtra: boolean): string {
  const all = [hasUid && 'a uid', hasGroups && 'groups', hasExtra && 'extra fields']
  return all.filter((part) => part !== false).join(', ')
}
