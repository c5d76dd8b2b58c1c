export {
  type CelAccessRequest,
  CelCompileError,
  type CelCompiler,
  CelEvaluationError,
  type CelInputs,
  type CelOpaque,
  type CelProgram,
  type CelResourceAttributes,
  type CelSelector,
  type CelUser,
  type CelValue,
  type CelVariable,
} from './cel.ts'
export { celCompiler } from './compiler.ts'
