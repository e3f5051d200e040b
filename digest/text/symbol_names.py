"""Names symbols that pylatexenc lacks: amssymb, mathtools, textcomp, stmaryrd and upgreek."""

_PAIRS = """
    thicksim ∼ thickapprox ≈ coloneqq ≔ coloneq ≔ Coloneqq ⩴ eqqcolon ≕ eqcolon ≕ vcentcolon : dblcolon ∷
    upalpha α upbeta β upgamma γ updelta δ upepsilon ϵ upvarepsilon ε upzeta ζ upeta η uptheta θ
    upvartheta ϑ upiota ι upkappa κ uplambda λ upmu μ upnu ν upxi ξ uppi π upvarpi ϖ uprho ρ upvarrho ϱ
    upsigma σ upvarsigma ς uptau τ upupsilon υ upphi ϕ upvarphi φ upchi χ uppsi ψ upomega ω Upgamma Γ
    Updelta Δ Uptheta Θ Uplambda Λ Upxi Ξ Uppi Π Upsigma Σ Upupsilon Υ Upphi Φ Uppsi Ψ Upomega Ω varGamma Γ
    varTheta Θ varLambda Λ varXi Ξ varPi Π varSigma Σ varUpsilon Υ varPhi Φ varPsi Ψ varOmega Ω varkappa ϰ
    digamma ϝ pounds £ euro € texteuro € textsterling £ textdollar $ textyen ¥ textcent ¢ textwon ₩
    textrupee ₹ textbaht ฿ EUR € yen ¥ cent ¢ textcurrency ¤ textohm Ω ohm Ω textmu µ micro µ textmicro µ
    textcelsius ℃ celsius ℃ textdegree ° textpm ± textminus − texttimes × textdiv ÷ textrightarrow →
    textleftarrow ← textuparrow ↑ textdownarrow ↓ textonehalf ½ textonequarter ¼ textthreequarters ¾
    textonesuperior ¹ texttwosuperior ² textthreesuperior ³ textquotesingle ' textquotedbl "
    textquotestraightdblbase „ textasteriskcentered ∗ textbullet • textperiodcentered · textopenbullet ◦
    textparagraph ¶ textsection § textdagger † textdaggerdbl ‡ textregistered ® texttrademark ™
    textcopyright © textordfeminine ª textordmasculine º textnumero № textperthousand ‰ textpertenthousand ‱
    textmusicalnote ♪ textestimated ℮ textreferencemark ※ textellipsis … textexclamdown ¡ textquestiondown ¿
    guillemotleft « guillemotright » guilsinglleft ‹ guilsinglright › quotedblbase „ quotesinglbase ‚
    textasciitilde ~ textasciimacron ¯ textasciiacute ´ lesssim ≲ gtrsim ≳ lessapprox ⪅ gtrapprox ⪆
    lessgtr ≶ gtrless ≷ lesseqgtr ⋚ gtreqless ⋛ leqslant ⩽ geqslant ⩾ leqq ≦ geqq ≧ lneqq ≨ gneqq ≩ lneq ⪇
    gneq ⪈ nleq ≰ ngeq ≱ nless ≮ ngtr ≯ nleqslant ≰ ngeqslant ≱ ll ≪ gg ≫ lll ⋘ ggg ⋙ nsim ≁ ncong ≇
    approxeq ≊ backsim ∽ backsimeq ⋍ simeq ≃ eqsim ≂ bumpeq ≏ Bumpeq ≎ doteq ≐ doteqdot ≑ fallingdotseq ≒
    risingdotseq ≓ triangleq ≜ circeq ≗ eqcirc ≖ propto ∝ varpropto ∝ prec ≺ succ ≻ preccurlyeq ≼
    succcurlyeq ≽ precsim ≾ succsim ≿ precapprox ⪷ succapprox ⪸ nprec ⊀ nsucc ⊁ sqsubset ⊏ sqsupset ⊐
    sqsubseteq ⊑ sqsupseteq ⊒ Subset ⋐ Supset ⋑ subseteqq ⫅ supseteqq ⫆ subsetneq ⊊ supsetneq ⊋ subsetneqq ⫋
    supsetneqq ⫌ nsubseteq ⊈ nsupseteq ⊉ nsubset ⊄ nsupset ⊅ notin ∉ nni ∌ nexists ∄ vdash ⊢ dashv ⊣ vDash ⊨
    Vdash ⊩ Vvdash ⊪ nvdash ⊬ nvDash ⊭ nVdash ⊮ nVDash ⊯ perp ⊥ Perp ⫫ Bot ⫫ nmid ∤ parallel ∥ nparallel ∦
    shortparallel ∥ asymp ≍ bowtie ⋈ Join ⋈ ltimes ⋉ rtimes ⋊ leftthreetimes ⋋ rightthreetimes ⋌
    divideontimes ⋇ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ circledast ⊛ circledcirc ⊚ circleddash ⊝
    boxplus ⊞ boxminus ⊟ boxtimes ⊠ boxdot ⊡ dotplus ∔ barwedge ⊼ veebar ⊻ doublebarwedge ⩞ curlywedge ⋏
    curlyvee ⋎ Cap ⋒ Cup ⋓ sqcap ⊓ sqcup ⊔ uplus ⊎ amalg ⨿ wr ≀ star ⋆ bigsqcup ⨆ bigsqcap ⨅ biguplus ⨄
    bigoplus ⨁ bigotimes ⨂ bigodot ⨀ bigwedge ⋀ bigvee ⋁ bigcap ⋂ bigcup ⋃ coprod ∐ iint ∬ iiint ∭ iiiint ⨌
    oint ∮ oiint ∯ oiiint ∰ fint ⨍ smallint ∫ Re ℜ Im ℑ wp ℘ ell ℓ hslash ℏ aleph ℵ beth ℶ gimel ℷ daleth ℸ
    complement ∁ Finv Ⅎ mho ℧ eth ð imath ı jmath ȷ nabla ∇ partial ∂ emptyset ∅ varnothing ∅ infty ∞ surd √
    angle ∠ measuredangle ∡ sphericalangle ∢ backprime ‵ prime ′ dprime ″ square □ Box □ blacksquare ■
    lozenge ◊ Diamond ◇ blacklozenge ⧫ diamond ⋄ triangledown ▽ blacktriangledown ▼ blacktriangleleft ◀
    blacktriangleright ▶ triangleleft ◁ triangleright ▷ trianglelefteq ⊴ trianglerighteq ⊵ ntriangleleft ⋪
    ntriangleright ⋫ lhd ⊲ rhd ⊳ unlhd ⊴ unrhd ⊵ bigcirc ◯ bullet • circledS Ⓢ bigtriangleup △
    bigtriangledown ▽ vartriangle △ vartriangleleft ⊲ vartriangleright ⊳ twoheadrightarrow ↠
    twoheadleftarrow ↞ rightarrowtail ↣ leftarrowtail ↢ hookrightarrow ↪ hookleftarrow ↩ rightsquigarrow ⇝
    leftrightsquigarrow ↭ leadsto ⇝ curvearrowright ↷ curvearrowleft ↶ circlearrowright ↻ circlearrowleft ↺
    rightrightarrows ⇉ leftleftarrows ⇇ rightleftarrows ⇄ leftrightarrows ⇆ rightleftharpoons ⇌
    leftrightharpoons ⇋ upuparrows ⇈ downdownarrows ⇊ upharpoonright ↾ upharpoonleft ↿ downharpoonright ⇂
    downharpoonleft ⇃ Rrightarrow ⇛ Lleftarrow ⇚ Lsh ↰ Rsh ↱ nrightarrow ↛ nleftarrow ↚ nRightarrow ⇏
    nLeftarrow ⇍ nleftrightarrow ↮ nLeftrightarrow ⇎ looparrowright ↬ looparrowleft ↫ multimap ⊸
    longmapsto ⟼ longrightarrow ⟶ longleftarrow ⟵ longleftrightarrow ⟷ Longrightarrow ⟹ Longleftarrow ⟸
    Longleftrightarrow ⟺ xrightarrow → xleftarrow ← dashrightarrow ⇢ dashleftarrow ⇠ nearrow ↗ searrow ↘
    swarrow ↙ nwarrow ↖ updownarrow ↕ Updownarrow ⇕ mapsfrom ↤ lightning ↯ qed ∎ QED ∎ langle ⟨ rangle ⟩
    lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ llbracket ⟦ rrbracket ⟧ lBrack ⟦ rBrack ⟧ ulcorner ⌜ urcorner ⌝
    llcorner ⌞ lrcorner ⌟ lgroup ⟮ rgroup ⟯ lVert ‖ rVert ‖ Vert ‖ vert | rvert | lbrace { rbrace } dotsc …
    dotsb ⋯ dotsm ⋯ dotsi ⋯ dotso … cdots ⋯ ldots … vdots ⋮ ddots ⋱ iddots ⋰ dots … centerdot · cdotp ·
    clubsuit ♣ diamondsuit ♦ spadesuit ♠ varheartsuit ♥ vardiamondsuit ♦ flat ♭ sharp ♯ dag † ddag ‡
    dagger † ddagger ‡ lq ‘ rq ’
"""

_WORDS = _PAIRS.split()
NAMES = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
