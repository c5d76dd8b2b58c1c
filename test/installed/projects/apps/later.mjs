// Lazily loaded files are found where the packages are installed: a worker's file, and parsers.
import { parseAuthenticationConfiguration } from '@kube-authn/core/configuration'
import { passwordFile } from '@kube-authn/core/password-file'
import { tokenFile } from '@kube-authn/core/token-file'
import { yamlDocument } from '@kube-authn/core/internal/yaml'
import { syncBuiltinESMExports } from 'node:module'
import threads from 'node:worker_threads'

let workers = 0
threads.Worker = class extends threads.Worker {
  constructor(...given) {
    super(...given)
    workers++
  }
}
syncBuiltinESMExports()
const notices = []
// Of "secret".
const hash = '$2b$04$iaJd83o5T4OFUEoGV8pLoOa189CsItjNH.XyKn4b3a1/D4WLTM656'
const passwords = passwordFile(`"${hash}",jane,1`, { observer: ({ notice }) => notices.push(notice.code) })
const { username } = (await passwords.authenticatePassword('jane', 'secret', {})).user

const { groups } = tokenFile('"a ""token""",jane,1,"a,b"').authenticateToken('a "token"', {}).user
const { message } = yamlDocument('message: found', 'file.yaml')
const configuration = (expression) => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: [
    {
      issuer: { url: 'https://issuer.example.com', audiences: ['app'] },
      claimMappings: { username: { expression } },
    },
  ],
})
const problemOf = (expression) => {
  try {
    parseAuthenticationConfiguration(JSON.stringify(configuration(expression)))
    return 'none'
  } catch ({ name }) {
    return name
  }
}

process.stdout.write(
  JSON.stringify({
    username,
    workers,
    notices,
    groups,
    message,
    problems: ['claims.sub', 'claims.'].map(problemOf),
  }),
)
