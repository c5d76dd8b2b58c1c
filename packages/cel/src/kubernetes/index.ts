export {
  type CelAccessRequest,
  CelCompileError,
  type CelCompiler,
  CelEvaluationError,
  type CelInputs,
  type CelOpaque,
  type CelProgram,
  type CelValue,
  type CelVariable,
} from './cel.ts'
export { celCompiler, type CelCompilerOptions } from './compiler.ts'
