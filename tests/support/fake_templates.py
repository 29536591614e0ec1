"""The Go templates that `fake_rendering_go` fills in, as `/api/show` returns them."""

_STRUCT = '{"type": "function", "function": {{ .Function }}}'
_EITHER = "{{ if .Content }}{{ .Content }}\n{{- else if .ToolCalls }}<tool_call>"
_BOTH = (
    "{{ if .Content }}{{ .Content }}{{ if .ToolCalls }}\n{{ end }}{{ end }}"
    "{{- if .ToolCalls }}<tool_call>"
)
PLAIN = """\
{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 -}}
<|im_start|>{{ .Role }}
{{ .Content }}{{ if or (ne .Role "assistant") (not $last) }}<|im_end|>
{{ end }}
{{- if and (ne .Role "assistant") $last }}<|im_start|>assistant
{{ end }}
{{- end }}"""
LLAMA = """\
{{- if .System }}<|start_header_id|>system<|end_header_id|>

{{ .System }}<|eot_id|>
{{- end }}
{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 }}
{{- if eq .Role "user" }}<|start_header_id|>user<|end_header_id|>

{{ if and $.Tools $last }}Given the following functions, please respond with a JSON for a function \
call with its proper arguments that best answers the given prompt.

Respond in the format {"name": function name, "parameters": dictionary of argument name and its \
value}. Do not use variables.

{{ range $.Tools }}
{{- json . }}
{{ end }}
Question: {{ end }}{{ .Content }}<|eot_id|>
{{- else if eq .Role "tool" }}<|start_header_id|>ipython<|end_header_id|>

{{ .Content }}<|eot_id|>
{{- else if eq .Role "assistant" }}<|start_header_id|>assistant<|end_header_id|>

{{ if .ToolCalls }}{{ range $j, $_ := .ToolCalls }}{{ if $j }}
{{ end }}{"name": "{{ .Function.Name }}", "parameters": {{ .Function.Arguments }}}{{ end }}
{{- else }}{{ .Content }}{{ end }}{{ if not $last }}<|eot_id|>{{ end }}
{{- end }}
{{- if and (ne .Role "assistant") $last }}<|start_header_id|>assistant<|end_header_id|>

{{ end }}
{{- end }}"""


def template_of(renderer: str, recorded: str) -> str:
    """Return a renderer's text; `recorded` is the real qwen2.5's."""
    if renderer == "go-template:lossless":
        return recorded.replace(_STRUCT, "{{ json . }}").replace(_EITHER, _BOTH)
    texts = {"go-template:plain": PLAIN, "go-template:llama3.1": LLAMA}
    return texts.get(renderer, recorded)
