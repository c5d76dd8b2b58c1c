import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Cloud } from './cloud.ts'
import type { Material } from './material.ts'

/** A line to paste into a shell, and what it prints. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** The users of the cloud, and those who are none. */
export function recipes(material: Material, cloud: Cloud, app: string, keystone: string): readonly Recipe[] {
  const { janesPassword, joesPassword } = material.secrets
  const file = (name: string): string => quote(relative(process.cwd(), join(material.folder, name)))
  const curl = (path: string, ...options: readonly string[]): string =>
    ['curl --silent --show-error --cacert', file('ca.crt'), ...options, `${app}${path}`].join(' ')
  const user = (name: string, password: string): string => `--user ${quote(`${name}:${password}`)}`
  const onlyStatus = `--output /dev/null --write-out '%{http_code}'`
  writeOpenrc(material, keystone)
  const token = `$(cat ${file('token')})`
  const answer = JSON.stringify({
    groups: ['developers', cloud.project, 'shoppers', 'system:authenticated'],
  }).slice(1, -1)
  const onlyGroups = String.raw` | grep -o '"groups":[^]]*]'`
  return [
    {
      title: 'jane comes with her password; her group, her project, and what her role in it means here',
      command: curl('/whoami', user('jane', janesPassword)) + onlyGroups,
      answer,
    },
    {
      title: 'with a wrong password she is nobody',
      command: curl('/whoami', user('jane', 'wrong'), onlyStatus),
      answer: '401',
    },
    {
      title: 'joe has left: Keystone has disabled him',
      command: curl('/whoami', user('joe', joesPassword), onlyStatus),
      answer: '401',
    },
    {
      title: 'jane gets a token, as she does for every other service of OpenStack',
      command: `(. ${file('jane.openrc')}; openstack token issue --format value --column id >${file('token')})`,
      answer: '',
    },
    {
      title: 'it is a bearer token',
      command: curl('/whoami', `--header "Authorization: Bearer ${token}"`) + onlyGroups,
      answer,
    },
    {
      title: 'or comes as with the other services',
      command: curl('/whoami', `--header "X-Auth-Token: ${token}"`) + onlyGroups,
      answer,
    },
    {
      title: 'which the application does not see',
      command: curl('/headers', `--header "X-Auth-Token: ${token}"`),
      answer: '[]',
    },
    {
      title: 'what is no token of Keystone is not even sent there',
      command: curl('/whoami', `--header 'X-Auth-Token: abcdef.0123456789abcdef'`, onlyStatus),
      answer: '401',
    },
  ]
}

/** What OpenStack's clients read. */
function writeOpenrc({ folder, caPath, secrets }: Material, keystone: string): void {
  const variables = {
    OS_AUTH_URL: `${keystone}/v3`,
    OS_CACERT: caPath,
    OS_USERNAME: 'jane',
    OS_PASSWORD: secrets.janesPassword,
    OS_USER_DOMAIN_ID: 'default',
    OS_PROJECT_NAME: 'shop',
    OS_PROJECT_DOMAIN_ID: 'default',
    OS_IDENTITY_API_VERSION: '3',
  }
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}\n`)
  writeFileSync(join(folder, 'jane.openrc'), lines.join(''), { mode: 0o600 })
}

/** One word of a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
