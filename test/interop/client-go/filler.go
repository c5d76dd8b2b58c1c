package main

import (
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A filler makes random objects: three of four fields have a value.
type filler struct{ random *rand.Rand }

func (f filler) object(object runtime.Object, gvk schema.GroupVersionKind) {
	f.value(reflect.ValueOf(object).Elem(), 0)
	object.GetObjectKind().SetGroupVersionKind(gvk)
	metadata := object.(metav1.Object)
	no := false
	metadata.SetName("x")
	metadata.SetLabels(map[string]string{"a": "b"})
	metadata.SetFinalizers([]string{"a.b/c"})
	metadata.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "o", UID: "u", Controller: &no}})
	if event, isEvent := object.(*corev1.Event); isEvent {
		event.Namespace = namespace
		event.InvolvedObject.Namespace = namespace
	}
}

func (f filler) value(value reflect.Value, depth int) {
	switch known := value.Addr().Interface().(type) {
	case *metav1.Time:
		*known = metav1.Unix(1_700_000_000+f.random.Int63n(1000), 0)
		return
	case *metav1.MicroTime:
		*known = metav1.NewMicroTime(time.UnixMicro(1_700_000_000_000_000 + f.random.Int63n(1_000_000_000)))
		return
	case *resource.Quantity:
		*known = *resource.NewQuantity(1+f.random.Int63n(9), resource.DecimalSI)
		return
	case *intstr.IntOrString:
		*known = [...]intstr.IntOrString{intstr.FromInt32(80), intstr.FromString("http")}[f.random.Intn(2)]
		return
	case *metav1.TypeMeta, *metav1.ObjectMeta, *metav1.FieldsV1, *runtime.RawExtension:
		return
	}
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			if depth == 0 || f.random.Intn(4) > 0 {
				f.value(value.Field(i), depth+1)
			}
		}
	case reflect.Pointer:
		if depth < 10 {
			value.Set(reflect.New(value.Type().Elem()))
			f.value(value.Elem(), depth+1)
		}
	case reflect.Slice:
		f.slice(value, depth)
	case reflect.Map:
		item := reflect.New(value.Type().Elem()).Elem()
		f.value(item, depth+1)
		value.Set(reflect.MakeMap(value.Type()))
		value.SetMapIndex(reflect.ValueOf(f.text()).Convert(value.Type().Key()), item)
	case reflect.String:
		value.SetString(f.text())
	case reflect.Bool:
		value.SetBool(f.random.Intn(2) == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		value.SetInt(1 + f.random.Int63n(99))
	default:
		panic("no value for " + value.Type().String())
	}
}

func (f filler) slice(value reflect.Value, depth int) {
	if value.Type().Elem().Kind() == reflect.Uint8 {
		value.SetBytes([]byte{0, 255, byte(f.random.Intn(256))})
		return
	}
	if depth > 9 {
		return
	}
	count := 1 + f.random.Intn(2)
	value.Set(reflect.MakeSlice(value.Type(), count, count))
	for i := range count {
		f.value(value.Index(i), depth+1)
	}
}

func (f filler) text() string {
	return "s" + strings.Repeat("ü", f.random.Intn(2)) + fmt.Sprint(f.random.Intn(9))
}
