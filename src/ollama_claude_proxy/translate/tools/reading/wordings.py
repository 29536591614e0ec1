"""Wordings that tell whether a call is meant or shown, in the languages that models answer in.

English, German, French, Spanish, Portuguese, Chinese and Japanese. A wording is here because it
says what the text around a call is about; words that stand beside calls by chance do not belong.
"""

import re


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_ACT = r"(?:run|send|call|execute|use|write|emit|issue|try|do|invoke|answer|reply|produce|print)"

# What is shown: an example, a form, a mere possibility, or what must not be done.
SHOWS = _any_of(
    r"\b(?:for|as an|the|this|that|in) examples?\b|\bexamples?(?:\s*:| of\b| from\b)",
    r"\b(?:example|sample) (?:call|usage|request|response|output|message|tool call)s?\b",
    r"\be\.\s?g\.|\bfor instance\b|\bas follows\b|\b(?:show|give) (?:you )?(?:an|some) ",
    r"\b(?:like|as in) (?:this|these|so)\b|\blooks? (?:\w+ )?like\b",
    r"\blook(?:s|ed)? (?:roughly|so)\b",
    r"\bin (?:this|the following) (?:format|form|shape|style)\b|\bformat (?:is|was)\b",
    r"\bfollowing format\b|\btutorial\b|\bhypothetical",
    rf"\b(?:would|could|might)(?:n't| not)? (?:\w+ )?(?:be |have )?"
    rf"(?:{_ACT}|written|called|sent)\b",
    rf"\bI'd (?:\w+ )?{_ACT}\b|\binstead of\b|\brather than\b|\bbeware\b|\brefuse to\b",
    r"\b(?:never|don't|do not|must not|mustn't|should not|shouldn't|won't|will not) "
    rf"(?:\w+ )?{_ACT}\b",
    r"\b(?:quot(?:e|es|ed|ing)|excerpt|snippet|transcript|verbatim|literally)\b",
    # German
    r"\bBeispiel|\bz\.\s?B\.|\bwie folgt\b|\bsieht (?:\w+ ){0,3}aus\b|\bso aus\b",
    r"\b(?:im|das|dieses|diesem|folgendes|folgendem) Format\b",
    r"\bin dieser Form\b|\bwürden?\b|\bkönnten?\b|\b(?:nie|niemals|keinesfalls)\b|\bVorlage\b",
    r"\b(?:lautet|Auszug|Zitat|Mitschnitt)\b",
    # French
    r"\bexemples?\b|\bcomme (?:ceci|suit|cela|ça)\b|\bressemble|\bsous (?:cette|la) forme\b",
    r"\b(?:jamais|ne (?:lance|lancez|envoie|envoyez|exécute|exécutez) pas)\b",
    r"\bje (?:lancerais|ferais|exécuterais|utiliserais|appellerais)\b|\bgabarit\b|\bextrait\b",
    # Spanish, Portuguese
    r"\bejemplos?\b|\bexemplos?\b|\bcomo (?:este|esta|esto|sigue|segue|isto)\b|\bas[ií] es como\b",
    r"\bse ve as[ií]\b|\btiene esta forma\b|\btem esta forma\b|\bformato\b|\bnunca\b",
    r"\b(?:ejecutar[ií]a|lanzar[ií]a|usar[ií]a|har[ií]a|executaria|usaria|faria)\b",
    r"\bplantilla\b|\bfragmento\b|\btrecho\b|\bparece(?:-se)? com\b",
    # Chinese, Japanese
    "例如|比如|示例|例子|如下|这样的|样子|格式|模板|不要(?:运行|执行|发送|调用)|切勿|绝不|千万",
    "例えば|たとえば|の例|例[:：]|次のよう|以下のよう|このよう|形式|テンプレート|決して|しないで",
)

# What a whole sentence says of the call that follows it, though it does not lead into it.
REFERS = _any_of(
    r"\b(?:tool|function) calls?\b|\bcalls? (?:of|to|is|are|in|looks?)\b|\bexamples?\b",
    r"\bas follows\b",
    r"\be\.\s?g\.|\bz\.\s?B\.|\bp\. ?ej\.",
    r"\b(?:like this|as in this|the following|shown below|see below|written below)\b",
    rf"\b(?:never|don't|do not|won't|will not) {_ACT} (?:this|that|it|such)\b",
    rf"\b(?:would|could|might) (?:\w+ )?{_ACT} (?:this|that|it|the following)\b|\bhypothetical",
    r"\b(?:quoted|verbatim|transcript|excerpt|wire format|chat template|raw output)\b",
    r"\bBeispiel|\bAufruf|\bfolgende|\bwie folgt\b|\bexemple|\bappels?\b|\bsuivant|\bci-dessous\b",
    r"\bejemplo|\bllamada|\bsiguiente|\bexemplo|\bchamada|\bseguinte|\babaixo\b",
    "示例|例子|例如|如下|以下|下面|调用|格式|例えば|の例|次の|以下|呼び出し|形式",
)

# What describes messages of others: who writes them, what they contain.
DESCRIBES = _any_of(
    r"\b(?:writes?|written|prints?|emits?|outputs?|produces?|sends?|reads|expects?|contains?)\b",
    r"\b(?:wrote|emitted|printed|produced|generated|returned|answered|sent|logged|received)\b",
    r"\b(?:means|represents?|consists?|receives?|accepts?|parses?|renders?|defines?|documents?)\b",
    r"\b(?:syntax|schema|templates?|payload|dialect|grammar|markup|notation|definitions?)\b",
    r"\b(?:shape|content)\b",
    r"\b(?:request|response|message|reply|queue|event|record|log|row|line|entry|configuration)\b",
    r"\b(?:calls? (?:of|to|is|are|in)|tool calls?|function calls?|parser|tokens?|tags?)\b",
    r"\bI (?:did|have done|ran|called|used|executed|already)\b|\bso far\b|\bpreviously\b",
    r"\b(?:schrieb|geschrieben|gesendet|geschickt|ausgegeben)\b",
    r"\b(?:schreibt|Aufruf|Aufrufe|Nachricht|Anfrage|Antwort|Inhalt|enthält|Zeile|bedeutet)\b",
    r"\b(?:écrit|appels?|requête|réponse|contenu|contient|ligne|signifie|s'écrit)\b",
    r"\b(?:escribe|llamadas?|petición|respuesta|contenido|contiene|línea|significa)\b",
    r"\b(?:escreve|chamadas?|pedido|resposta|conteúdo|contém|linha)\b",
    "写成|写作|输出|请求|响应|消息|内容|调用格式|表示|书写|リクエスト|レスポンス|内容|呼び出しは|書き",
)

# What announces that the model acts now.
ANNOUNCES = _any_of(
    r"\b(?:I'll|I will|I am going to|I'm going to|let me|let's|let us|going to|I need to|I must)\b",
    r"\b(?:I can|I want to|I should|I have to|we need to|we should|we can|we'll|I'd like to)\b",
    r"\b(?:now|next|first|then|finally|okay|ok|sure|done|right|alright|certainly|great|good)\b",
    r"\b(?:here goes|one moment|time to|start by|begin by|proceed)\b|^\W*[a-z]{2,}ing\b",
    r"\bI(?:'m| am) \w+ing\b|\b(?:so|and|therefore) I \w+\b",
    r"\bI (?:now |first |then )?(?:open|read|check|run|search|edit|fetch|list)\b",
    r"^\W*I (?:write|create|look|start|add|fix|update|make|try|need|want|go|see|do)\b",
    r"^\W*(?:I )?(?:call|run|read|check|search|open|list|use|edit|fetch)\b",
    r"\bich \w+e\b|\b(?:lass mich|jetzt|zuerst|nun|dann|als nächstes|gut|gerne)\b",
    r"\b(?:je vais|je \w+e|laisse[zr]?-moi|maintenant|d'abord|ensuite|voyons|commençons)\b",
    r"\b(?:voy a|vamos a|déjame|permíteme|ahora|primero|luego)\b",
    r"^\W*(?:leo|busco|ejecuto|abro|miro|reviso|creo|escribo|edito|uso|llamo|compruebo|empiezo)\b",
    r"\b(?:vou|vamos|deixe-me|agora|primeiro|em seguida)\b",
    "我来|让我|我将|我会|我先|我要|我需要|现在|首先|接下来|正在|好的|马上|先看|开始",
    "ます|しましょう|します|まず|では|次に|今から",
)

# What announces an act so plainly that it is none of showing.
ACTS = re.compile(
    r"\b(?:let me|I'll|I will|I'm going to|I am going to|let's) "
    r"(?:(?:now|first|then|just|also|quickly|next) )*"
    r"(?!show|give|explain|describe|illustrate|demonstrate|quote|never|not|paste|walk|assume|suppose"
    r"|summari|write out|write down|answer|say|put it|spell|sketch|start with an|use an|take)\w+",
    re.IGNORECASE,
)

# What asks whether to act, instead of acting.
ASKS = _any_of(
    r"\b(?:should|shall|may|can|could) I\b|\bdo you (?:want|agree|approve|mind)\b",
    r"\bwould you (?:like|prefer|approve)|\b(?:tell|let) me (?:know|whether|if)\b|\btell me\b",
    r"\b(?:confirm|approve|approval|permission|your (?:ok|okay|consent|go-ahead))\b",
    r"\bis (?:that|this) (?:ok|okay|fine|all right|correct)\b",
    r"\b(?:before|until) (?:I|you) (?:run|go|do|confirm|say)",
    r"\bis it (?:ok|okay|fine|all right)\b|\bif you (?:agree|want|like|approve|are (?:fine|ok))\b",
    r"\b(?:soll ich|darf ich|möchtest du|möchten Sie|bist du einverstanden|bestätig|in Ordnung\?)",
    r"\b(?:sag mir|sagen Sie|Freigabe|Erlaubnis|einverstanden)\b",
    r"\b(?:dois-je|puis-je|voulez-vous|veux-tu|confirme[zr]?|d'accord\b|dites-moi|dis-moi)",
    r"\b(?:debo|puedo|quieres|quiere|desea|confirma|dime|de acuerdo|está bien\?)",
    r"\b(?:devo|posso|quer que|confirme|diga-me)\b",
    "要不要|是否|可以吗|行吗|好吗|确认|同意|吗[?？]|よろしいですか|いいですか|確認してください|でしょうか",
)

# What explains a form, after it was shown.
EXPLAINS = _any_of(
    r"\b(?:this|that|these|it|above|which) (?:is|are|was|were) "
    r"(?:how|what|the|a|an|only|just|where)\b",
    r"\b(?:parser|parsers|template|tokens?|tags?|format|syntax|schema|markup|dialect|example)\b",
    r"\b(?:tool|function) calls?\b|\bthe (?:call|model|server|client|proxy|agent|request|above)\b",
    r"\b(?:models?|servers?|clients?|agents?) (?:write|writes|print|emit|send|expect|parse)",
    r"\b(?:arguments|parameters|fields?|keys?|property|properties|JSON|XML)\b",
    r"\bas (?:shown|above)\b",
    r"\b(?:do not|don't|never|not) (?:run|call|execute|send|use)\b|\b(?:would|could)\b",
    r"\b(?:Aufruf|Aufrufe|Beispiel|Vorlage|Format|Modell|Modelle|Feld|Felder|Argumente|würde)\b",
    r"\blooks? like\b|\bressembl|\bsieht (?:\w+ ){0,3}aus\b|\bas[ií] (?:es|se ve)\b",
    r"\b(?:appel|exemple|modèles?|format|gabarit|champs?|balises?|arguments)\b",
    r"\b(?:llamada|ejemplo|modelos?|formato|plantilla|campos?|etiquetas?|argumentos)\b",
    r"\b(?:chamada|exemplo|formato|argumentos)\b",
    "调用|示例|例子|格式|模板|模型|参数|字段|标签|解析|呼び出し|例です|形式|モデル|引数|タグ|解析",
)
