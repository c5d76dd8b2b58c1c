// Uses client-go as components and operators do, and prints what it saw, one JSON object on a line. Built and run by client-go.interop.ts.
//
//	client-go CASE KUBECONFIG CONTENT-TYPE
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const namespace = "default"

// A test is one case, with its connection to the server.
type test struct {
	ctx      context.Context
	config   *rest.Config
	client   kubernetes.Interface
	requests *recorder
}

var cases = map[string]func(*test){
	"access":    access,
	"dynamic":   dynamicClient,
	"election":  election,
	"events":    eventRecorder,
	"forgotten": forgotten,
	"informers": sharedInformers,
	"kinds":     kinds,
	"reflector": reflectors,
	"writes":    writes,
}

func main() {
	run, isKnown := cases[os.Args[1]]
	if !isKnown {
		panic("there is no case " + os.Args[1])
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[2])
	must(err)
	config.ContentType = os.Args[3]
	// As components accept it: the server may prefer JSON.
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	config.QPS = -1
	requests := &recorder{}
	config.Wrap(requests.wrap)
	ctx, cancel := context.WithTimeout(context.Background(), 110*time.Second)
	defer cancel()
	run(&test{ctx: ctx, config: config, client: kubernetes.NewForConfigOrDie(config), requests: requests})
}

// say prints what was seen.
func say(what string, content any) {
	line, err := json.Marshal(map[string]any{"what": what, "content": content})
	must(err)
	fmt.Println(string(line))
}

var stdin = bufio.NewReader(os.Stdin)

// hear waits for a line from the suite.
func hear() {
	_, err := stdin.ReadString('\n')
	must(err)
}

// must ends the process with an error.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// got ends the process unless there is a result.
func got[T any](result T, err error) T {
	must(err)
	return result
}

// next waits for an event.
func next[T any](t *test, events <-chan T) T {
	select {
	case event := <-events:
		return event
	case <-t.ctx.Done():
		panic("nothing more happened")
	}
}

// A recorder remembers requests and how they were answered.
type recorder struct {
	lock sync.Mutex
	seen []*http.Response
	next http.RoundTripper
}

func (r *recorder) wrap(next http.RoundTripper) http.RoundTripper {
	r.next = next
	return r
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err == nil {
		r.lock.Lock()
		defer r.lock.Unlock()
		r.seen = append(r.seen, response)
	}
	return response, err
}

// take returns the answers since the last call.
func (r *recorder) take() []*http.Response {
	r.lock.Lock()
	defer r.lock.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}
