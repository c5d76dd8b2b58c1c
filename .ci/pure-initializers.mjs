import { RolldownMagicString } from 'rolldown'
import { parseAst } from 'rolldown/parseAst'

/**
 * Says of the initial values of a module's own names that they have no effect (`@__PURE__`), so that bundlers of apps leave out those that
 * are not used. Packages without side effects promise this of whole modules; a chunk has many of them.
 */
export function pureInitializers() {
  return {
    name: 'pure-initializers',
    transform: {
      filter: { id: /\.ts$/ },
      handler(code, id) {
        const edited = new RolldownMagicString(code, { filename: id })
        for (const init of initializersOf(parseAst(code, { lang: 'ts' }))) annotate(init, edited)
        return { code: edited }
      },
    },
  }
}

/** Brands a class, which may be used where the result is not: this effect is wanted. */
const WITH_EFFECT = new Set(['branded'])

function* initializersOf(program) {
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declaration?.type !== 'VariableDeclaration') continue
    for (const { init } of declaration.declarations) {
      if (init !== null && !WITH_EFFECT.has(init.callee?.name)) yield init
    }
  }
}

function annotate(init, edited) {
  const calls = []
  let isPlain = true
  visit(init, (node, isCallee) => {
    if (node.type === 'CallExpression' || node.type === 'NewExpression') calls.push(node)
    else if (!isCallee && NOT_PLAIN.has(node.type)) isPlain = false
  })
  if (!isPlain) {
    edited.appendLeft(init.start, '/* @__PURE__ */ (() => (')
    edited.appendRight(init.end, '))()')
    return
  }
  for (const { start } of calls) edited.appendLeft(start, '/* @__PURE__ */ ')
}

/** What might have an effect for all that a bundler knows: a getter, an iterator, a conversion. */
const NOT_PLAIN = new Set([
  'BinaryExpression',
  'MemberExpression',
  'SpreadElement',
  'TaggedTemplateExpression',
  'TemplateLiteral',
])

/** Visits an expression, but not what it only does later. */
function visit(node, onNode, isCallee = false) {
  if (Array.isArray(node)) {
    for (const each of node) visit(each, onNode)
    return
  }
  if (typeof node?.type !== 'string' || /Function|^Class|^TS.*(?:Type|Annotation)/.test(node.type)) return
  onNode(node, isCallee)
  for (const [key, child] of Object.entries(node)) visit(child, onNode, key === 'callee')
}
