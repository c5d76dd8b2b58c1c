// Evaluates expressions as kube-apiserver does, by the packages of Kubernetes. It reads a JSON object a line, {"var", "expr", "input"}, and writes
// one a line: {"compile"} with the message of an expression that is refused, or else {"static", "cost"} and "value" or "err", or "panic".
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"strconv"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	authenticationcel "k8s.io/apiserver/pkg/authentication/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/lazy"
)

type question struct {
	Var   string                     `json:"var"`
	Expr  string                     `json:"expr"`
	Input map[string]json.RawMessage `json:"input"`
}

type answer struct {
	Compile string  `json:"compile,omitempty"`
	Static  string  `json:"static,omitempty"`
	Value   *any    `json:"value,omitempty"`
	Err     string  `json:"err,omitempty"`
	Panic   string  `json:"panic,omitempty"`
	Cost    *uint64 `json:"cost,omitempty"`
}

// An expression of any type.
type expression string

func (e expression) GetExpression() string    { return string(e) }
func (e expression) ReturnTypes() []*cel.Type { return []*cel.Type{cel.AnyType} }

func main() {
	compiler := authenticationcel.NewDefaultCompiler()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		if err := encoder.Encode(answerTo(compiler, asked)); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func answerTo(compiler authenticationcel.Compiler, asked question) (result answer) {
	defer func() {
		if caught := recover(); caught != nil {
			result.Panic = fmt.Sprint(caught)
		}
	}()
	compile := compiler.CompileClaimsExpression
	if asked.Var == "user" {
		compile = compiler.CompileUserExpression
	}
	compiled, err := compile(expression(asked.Expr))
	if err != nil {
		return answer{Compile: err.Error()}
	}
	result.Static = compiled.AST.OutputType().String()
	value, details, err := compiled.Program.ContextEval(context.Background(), variable{asked.Var, inputOf(asked)})
	if details != nil {
		result.Cost = details.ActualCost()
	}
	if err != nil {
		result.Err = err.Error()
		return result
	}
	told := asked.tellable(value)
	result.Value = &told
	return result
}

// The one variable of an expression.
type variable struct {
	name  string
	value ref.Val
}

func (v variable) ResolveName(name string) (any, bool) { return v.value, name == v.name }
func (v variable) Parent() cel.Activation              { return nil }

// The fields are read when an expression selects them, and names in them may be escaped.
func inputOf(asked question) ref.Val {
	object := lazy.NewMapValue(types.NewObjectType("kubernetes." + asked.Var))
	for name, text := range asked.Input {
		object.Append(name, func(*lazy.MapValue) ref.Val {
			var value any
			if err := json.Unmarshal(text, &value); err != nil {
				return types.WrapErr(err)
			}
			if asked.Var == "user" {
				value = typed(name, text)
			}
			return escapable(types.DefaultTypeAdapter.NativeToValue(value))
		})
	}
	return object
}

// The fields of a user have the types that they have in kube-apiserver.
func typed(name string, text json.RawMessage) any {
	read := func(into any) {
		if err := json.Unmarshal(text, into); err != nil {
			log.Fatal(err)
		}
	}
	switch name {
	case "groups":
		var groups []string
		read(&groups)
		return groups
	case "extra":
		var extra map[string][]string
		read(&extra)
		return extra
	default:
		var word string
		read(&word)
		return word
	}
}

type escapedMap struct{ traits.Mapper }

func (m escapedMap) Find(key ref.Val) (ref.Val, bool) {
	if name, isString := key.(types.String); isString {
		if plain, isEscaped := apiservercel.Unescape(string(name)); isEscaped && plain != string(name) {
			key = types.String(plain)
		}
	}
	value, isFound := m.Mapper.Find(key)
	return escapable(value), isFound
}

type escapedList struct{ traits.Lister }

func (l escapedList) Get(index ref.Val) ref.Val { return escapable(l.Lister.Get(index)) }

func escapable(value ref.Val) ref.Val {
	switch found := value.(type) {
	case traits.Mapper:
		return &escapedMap{found}
	case traits.Lister:
		return &escapedList{found}
	default:
		return value
	}
}

// Strings begin with s, doubles with d and integers with i. Of other values there is only the kind.
func (asked question) tellable(value ref.Val) any {
	switch found := value.(type) {
	case types.Bool:
		return bool(found)
	case types.Int:
		return "i" + strconv.FormatInt(int64(found), 10)
	case types.Uint:
		return "i" + strconv.FormatUint(uint64(found), 10)
	case types.Double:
		return "d" + double(float64(found))
	case types.String:
		return "s" + string(found)
	case types.Null:
		return nil
	case types.Bytes:
		return kind("bytes")
	case types.Duration:
		return kind("duration")
	case types.Timestamp:
		return kind("timestamp")
	case *types.Optional:
		return kind("optional")
	case *types.Type:
		return kind("type")
	case *lazy.MapValue:
		if asked.Var == "user" {
			return kind("object")
		}
		// It has no list of its names.
		told := [][]any{}
		for name := range asked.Input {
			told = append(told, []any{"s" + name, asked.tellable(found.Get(types.String(name)))})
		}
		return map[string]any{"map": told}
	case traits.Lister:
		told := []any{}
		for each := found.Iterator(); each.HasNext() == types.True; {
			told = append(told, asked.tellable(each.Next()))
		}
		return told
	case traits.Mapper:
		told := [][]any{}
		for each := found.Iterator(); each.HasNext() == types.True; {
			key := each.Next()
			told = append(told, []any{asked.tellable(key), asked.tellable(found.Get(key))})
		}
		return map[string]any{"map": told}
	default:
		return kind("object")
	}
}

func kind(name string) any { return map[string]any{"is": name} }

// As JavaScript reads it.
func double(value float64) string {
	switch {
	case math.IsNaN(value):
		return "NaN"
	case math.IsInf(value, 0):
		return strconv.FormatInt(int64(math.Copysign(1, value)), 10) + "e999"
	default:
		return strconv.FormatFloat(value, 'g', -1, 64)
	}
}
