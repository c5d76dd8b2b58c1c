// An ignorer for Stryker: the text of an error's message is no decision. A code, which has no space, is one.
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'

const constructors = /(?:Error|Failure|Problem)$/
const functions = new Set([
  'badRequest',
  'expired',
  'fail',
  'forbidden',
  'invalid',
  'invalidKey',
  'malformed',
  'must',
  'patchFailed',
  'refuse',
  'refused',
  'rejected',
  'unavailable',
  'unusable',
])
/** What an argument may be made of, around its strings. */
const parts = new Set(['BinaryExpression', 'ConditionalExpression', 'TemplateLiteral'])

export const messages = {
  shouldIgnore(path) {
    if (!isText(path.node)) return undefined
    let { node: argument, parentPath: around } = path
    // What is compared, or decides which message it is, is no part of one.
    while (
      parts.has(around.node.type) &&
      around.node.test !== argument &&
      (around.node.operator ?? '+') === '+'
    ) {
      argument = around.node
      around = around.parentPath
    }
    return around.node.arguments?.includes(argument) && makesMessages(around.node)
      ? 'text of a message'
      : undefined
  },
}

function isText({ type, value, quasis }) {
  if (type === 'StringLiteral') return value.includes(' ')
  return type === 'TemplateLiteral' && quasis.some((each) => each.value.raw.includes(' '))
}

function makesMessages({ type, callee }) {
  const name = callee.property?.name ?? callee.name
  return type === 'NewExpression' ? constructors.test(name) : functions.has(name)
}

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'messages', messages)]
