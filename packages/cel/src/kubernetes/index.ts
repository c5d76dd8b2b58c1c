export {
  type CelAccessRequest,
  CelCompileError,
  type CelCompiler,
  type CelCompilerOptions,
  CelEvaluationError,
  type CelInputs,
  type CelOpaque,
  type CelProgram,
  type CelValue,
  type CelVariable,
  type KubernetesVersion,
} from './cel.ts'
export { celCompiler } from './compiler.ts'
