import { RolldownMagicString } from 'rolldown'
import { parseAst } from 'rolldown/parseAst'

/**
 * Marks the initializers of a module's declarations as free of side effects (`@__PURE__`), so that bundlers of apps drop unused ones.
 * `sideEffects: false` promises this for whole files only; a chunk has many modules.
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

/** Brands a class, which may be used even if the result is not: a wanted side effect. */
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

/** Expressions that a bundler must assume to have side effects: a getter, an iterator, a conversion. */
const NOT_PLAIN = new Set([
  'BinaryExpression',
  'MemberExpression',
  'SpreadElement',
  'TaggedTemplateExpression',
  'TemplateLiteral',
])

/** Visits an expression, without code that runs later. */
function visit(node, onNode, isCallee = false) {
  if (Array.isArray(node)) {
    for (const each of node) visit(each, onNode)
    return
  }
  if (typeof node?.type !== 'string' || /Function|^Class|^TS.*(?:Type|Annotation)/.test(node.type)) return
  onNode(node, isCallee)
  for (const [key, child] of Object.entries(node)) visit(child, onNode, key === 'callee')
}
