/** Chinese terms of what assistants are about, each with an English gloss. Pure. */

/** term = gloss; longer terms are looked up before the shorter ones in them. */
const TERMS = `
文字=text writing 文本=text writing 文笔=prose writing 语法检查=proofread grammar 错别字=proofread spelling 朋友圈=social post writing 小红书=blog post writing 公众号=blog article writing 祝福=greeting writing 邀请=invitation writing 大纲=outline of an essay 续写=fiction writing 摘要=summary 写作=writing 小说=novel fiction 故事=story 情节=plot of a story 人物=character 文章=article 作文=essay 公文=official document writing 润色=edit text 文案=copywriting
诗=poem 诗词=poems 古诗=poems 歌词=lyrics 剧本=screenplay 散文=prose 演讲稿=speech writing 简历=resume 求职信=cover letter 校对=proofread 改写=rewrite text 标题=headline 博客=blog 编辑=edit 创作=writing fiction 周报=weekly report writing
笔记=notes organize 汇报=report presentation office 演示=presentation slides office 幻灯片=presentation slides office PPT=presentation slides office 流程=process plan office 思维导图=mind map organize 清单=checklist todo 复盘=review weekly plan office Excel=spreadsheet 职场=office career work 面试=job interview career 招聘=hiring office career 会议=meeting 会议记录=meeting minutes 待办=todo 日程=schedule calendar 安排=plan 提醒=remind 计划=plan 效率=productivity time management 邮件=email 任务=task 时间管理=time management 目标=goal 拖延=procrastinate 整理=organize 表格=spreadsheet 每天=daily 习惯=habit 办公=office work 总结=summarize
审稿=peer review paper 期刊=journal paper 学者=scholar academic 科学=scientific research 理论=theory research 综合=synthesis 专利=patent research 统计=statistics data analysis 论文=academic paper 文献=literature 综述=literature review 研究=research 学术=academic 实验=experiment 出处=citation 引用=cite 结论=conclusion 假设=hypothesis 数据=data 科研=scientific research 事实核查=fact check 观点=claim 资料=source 调研=research
函数=function in code 变量=variable in code 编译=compiler 机器学习=machine learning code 深度学习=deep learning code 程序员=programmer code 架构=software architecture 测试用例=unit test code 提示词=prompt engineering 人工智能=machine learning software 编码=coding 网页=web html 小程序=mobile app developer 嵌入式=embedded software 单片机=embedded software code 终端=terminal shell 代码=code 编程=programming 程序=program 前端=frontend developer 后端=backend developer 开发=software developer 调试=debug 算法=algorithm 数据库=database 软件=software 脚本=script 正则=regex 运维=devops 服务器=server 审查=review 报错=bug 接口=api
导师=mentor teacher 初学者=learner lesson 初学=learner lesson 启蒙=teach child 幼儿=child teach school 大学=university student 百科=explain encyclopedia learn 科普=explain science to learners 概念=explain concept 教案=lesson plan teacher 物理学=physics 老师=teacher 教师=teacher 辅导=tutor 学生=student 小学生=pupil of primary school 中学生=student of school 孩子=child 数学=math 物理=physics 化学=chemistry 生物=biology 历史=history 地理=geography 语文=chinese lesson at school 课=lesson 课程=course 作业=homework 考试=exam 学习=learn 教=teach 讲题=tutor 题=question 复习=exam practice 讲解=explain 知识=explain 高考=exam 家教=tutor 家长=parent
占卜=tarot horoscope 塔罗=tarot horoscope 烹饪=cook recipe 厨师=cook recipe 餐厅=restaurant tip 摄影=photo 恋爱=dating 约会=dating 婚姻=wedding dating 音乐=music 导游=travel guide 购物=shopping 管家=home family 旅行=travel trip 旅游=travel trip 行程=itinerary 做法=recipe 食材=ingredients 冰箱=fridge 家常菜=cook recipe 菜=recipe dish 菜谱=recipe 做饭=cook 美食=food 礼物=gift 穿搭=outfit fashion 宠物=pet 植物=plant 花草=garden plant 装修=home decoration 育儿=parent child 婚礼=wedding 酒店=hotel 景点=travel 生活=home life 电影=movie 家居=home
平面=graphic design 美术=art drawing 文生图=image generator prompt 绘图=drawing image 漫画=illustration drawing 版式=layout design 建筑=interior design architecture 设计=design 配色=color palette 排版=layout typography 海报=poster design 字体=font 创意=creative idea 图片=image 绘画=drawing art 插画=illustration 界面=ui design 室内=interior design 标志=logo 视觉=visual design 搭配=style 画=drawing 风格=style 照片=photo
译=translate 汉语=chinese language 文言文=classical chinese language translate 方言=dialect language 双语=bilingual 词典=dictionary 英汉=english chinese translate 本地化=translate localisation 托福=english exam vocabulary 翻译=translate 互译=translate 英语=english language 英文=english language 法语=french language 日语=japanese language 德语=german language 韩语=korean language 西班牙语=spanish language 俄语=russian language 口语=speaking practice 陪练=practice partner 单词=vocabulary 词汇=vocabulary 语法=grammar 外语=foreign language 发音=pronunciation 中英=chinese english 雅思=english exam vocabulary
金融=finance invest 加密货币=crypto invest 区块链=crypto 经济=economy finance 量化=invest stock 审计=audit accounting 记账=bookkeeping expenses 理财=invest money 省钱=saving money 股票=stock 基金=fund 投资=invest 税=tax 报税=tax 贷款=loan 债=debt 预算=budget 保险=insurance 财务=financial accounting 开支=expenses 风险=risk 银行=bank 房贷=mortgage 会计=accounting 存钱=saving money 工资=salary
回复=reply 接待=customer service 催单=customer order delivery 客服=customer support 退货=return refund 退款=refund 物流=delivery 售后=after sales customer support 投诉=complaint 顾客=customer 客户=customer 道歉=apologize 网店=shop 订单=order 问答=faq 差评=angry review 服务=service 解决办法=troubleshoot
商品=product sales 电商=sales product market 外贸=export sales market 潜在客户=sales lead customer segment 直播=live sales marketing 增长=growth marketing 获客=customer lead marketing 种草=marketing campaign 谈判=negotiate sales business 竞争对手=competitor 竞品=competitor 市场=market 营销=marketing 推广=advertising campaign 消费者=consumer 问卷=questionnaire survey 需求=consumer demand 品牌=brand 用户画像=customer segment 行业=industry 趋势=trend 价格=price 产品=product 机会=market opportunity 广告=advertising 销售=sales 商业=business 运营=marketing operations 创业=startup 定位=positioning
医学=medical medicine 眼科=medical doctor 中医=medical medicine doctor 疾病=medical symptoms 病=medical symptoms 护理=medical health 治疗=therapy medical 安慰=calm feelings mental 情感=feelings mental 治愈=calm feelings mental 心情=feelings mental 孕=health medical 健身=fitness workout 健康=health 教练=coach 训练=workout training 跑步=running 饮食=diet nutrition 减肥=weight diet 减脂=weight diet 营养=nutrition 睡眠=sleep 失眠=insomnia 心理=mental health 压力=stress 焦虑=anxiety 情绪=feelings mental 抑郁=depression 诊断=medical symptoms 医生=doctor 症状=symptoms 冥想=meditation 瑜伽=yoga 身体=body health 养生=healthy diet 缓解=relieve 倾诉=talk feelings 用药=medicine 运动=exercise
我的世界=minecraft game 副本=game quest 狼人杀=board game 剧本杀=role play game 跑团=dungeon game 魔法=fantasy adventure 游戏=game 冒险=adventure game 玩家=player 主持人=game host 接龙=chain game play 成语接龙=idiom chain game 谜语=riddle 猜=guess riddle 象棋=chess 围棋=chess game 角色扮演=role play game 剧情=adventure plot 桌游=board game 玩=play 脑筋急转弯=brain teaser riddle 海龟汤=riddle game 关卡=game 输=lose 选择=choose
骂=funny insult chat 段子=funny joke 吐槽=funny joke chat 女友=companion chat 男友=companion chat 天气=weather forecast 时间=time of day clock 计算=calculate arithmetic 汇率=currency exchange rate 搜索=search the web 聊=chat 聊天=chat 朋友=friend 幽默=funny 什么都=anything 随便=anything 陪我=companion 法律=legal law 合同=legal contract 条款=contract clause 律师=lawyer 星座=horoscope 算命=horoscope 哲学=philosophy 宗教=religion`;

const GLOSSES = new Map(
  TERMS.trim().split("\n").flatMap((line) =>
    [...line.matchAll(/(\S+?)=([^=]+?)(?=\s+\S+=|$)/gu)].map(([, term, gloss]) =>
      [term!, gloss!] as const
    )
  ),
);
const ANY = new RegExp(
  [...GLOSSES.keys()].sort((a, b) => b.length - a.length).join("|") + "|[A-Za-z][A-Za-z0-9+# ]*",
  "gu",
);

/** The Chinese terms that the glossary knows, in order, and runs of Latin letters. */
export function chineseTerms(text: string): string[] {
  return (text.match(ANY) ?? []).map((term) => term.trim());
}

/** A Chinese text as a row of English glosses; English stays as it is. */
export function glossed(text: string): string {
  if (!/\p{Script=Han}/u.test(text)) return text;
  return chineseTerms(text).map((term) => GLOSSES.get(term) ?? term).join(", ");
}
