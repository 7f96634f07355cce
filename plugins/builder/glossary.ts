/** Chinese terms of what assistants are about, each with an English gloss. Pure. */

/** term = gloss; longer terms are looked up before the shorter ones in them. */
const TERMS = `
写作=writing 小说=novel fiction 故事=story 情节=plot of a story 人物=character 文章=article 作文=essay 公文=official document writing 润色=edit text 文案=copywriting
诗=poem 诗词=poems 古诗=poems 歌词=lyrics 剧本=screenplay 散文=prose 演讲稿=speech writing 简历=resume 求职信=cover letter 校对=proofread 改写=rewrite text 标题=headline 博客=blog 编辑=edit 创作=writing fiction 周报=weekly report writing
会议=meeting 会议记录=meeting minutes 待办=todo 日程=schedule calendar 安排=plan 提醒=remind 计划=plan 效率=productivity time management 邮件=email 任务=task 时间管理=time management 目标=goal 拖延=procrastinate 整理=organize 表格=spreadsheet 每天=daily 习惯=habit 办公=office work 总结=summarize
论文=academic paper 文献=literature 综述=literature review 研究=research 学术=academic 实验=experiment 出处=citation 引用=cite 结论=conclusion 假设=hypothesis 数据=data 科研=scientific research 事实核查=fact check 观点=claim 资料=source 调研=research
代码=code 编程=programming 程序=program 前端=frontend developer 后端=backend developer 开发=software developer 调试=debug 算法=algorithm 数据库=database 软件=software 脚本=script 正则=regex 运维=devops 服务器=server 审查=review 报错=bug 接口=api
老师=teacher 教师=teacher 辅导=tutor 学生=student 小学生=pupil of primary school 中学生=student of school 孩子=child 数学=math 物理=physics 化学=chemistry 生物=biology 历史=history 地理=geography 语文=chinese lesson at school 课=lesson 课程=course 作业=homework 考试=exam 学习=learn 教=teach 讲题=tutor 题=question 复习=exam practice 讲解=explain 知识=explain 高考=exam 家教=tutor 家长=parent
旅行=travel trip 旅游=travel trip 行程=itinerary 做法=recipe 食材=ingredients 冰箱=fridge 家常菜=cook recipe 菜=recipe dish 菜谱=recipe 做饭=cook 美食=food 礼物=gift 穿搭=outfit fashion 宠物=pet 植物=plant 花草=garden plant 装修=home decoration 育儿=parent child 婚礼=wedding 酒店=hotel 景点=travel 生活=home life 电影=movie 家居=home
设计=design 配色=color palette 排版=layout typography 海报=poster design 字体=font 创意=creative idea 图片=image 绘画=drawing art 插画=illustration 界面=ui design 室内=interior design 标志=logo 视觉=visual design 搭配=style 画=drawing 风格=style 照片=photo
翻译=translate 互译=translate 英语=english language 英文=english language 法语=french language 日语=japanese language 德语=german language 韩语=korean language 西班牙语=spanish language 俄语=russian language 口语=speaking practice 陪练=practice partner 单词=vocabulary 词汇=vocabulary 语法=grammar 外语=foreign language 发音=pronunciation 中英=chinese english 雅思=english exam vocabulary
记账=bookkeeping expenses 理财=invest money 省钱=saving money 股票=stock 基金=fund 投资=invest 税=tax 报税=tax 贷款=loan 债=debt 预算=budget 保险=insurance 财务=financial accounting 开支=expenses 风险=risk 银行=bank 房贷=mortgage 会计=accounting 存钱=saving money 工资=salary
客服=customer support 退货=return refund 退款=refund 物流=delivery 售后=after sales customer support 投诉=complaint 顾客=customer 客户=customer 道歉=apologize 网店=shop 订单=order 问答=faq 差评=angry review 服务=service 解决办法=troubleshoot
竞争对手=competitor 竞品=competitor 市场=market 营销=marketing 推广=advertising campaign 消费者=consumer 问卷=questionnaire survey 需求=consumer demand 品牌=brand 用户画像=customer segment 行业=industry 趋势=trend 价格=price 产品=product 机会=market opportunity 广告=advertising 销售=sales 商业=business 运营=marketing operations 创业=startup 定位=positioning
健身=fitness workout 健康=health 教练=coach 训练=workout training 跑步=running 饮食=diet nutrition 减肥=weight diet 减脂=weight diet 营养=nutrition 睡眠=sleep 失眠=insomnia 心理=mental health 压力=stress 焦虑=anxiety 情绪=feelings mental 抑郁=depression 诊断=medical symptoms 医生=doctor 症状=symptoms 冥想=meditation 瑜伽=yoga 身体=body health 养生=healthy diet 缓解=relieve 倾诉=talk feelings 用药=medicine 运动=exercise
游戏=game 冒险=adventure game 玩家=player 主持人=game host 接龙=chain game play 成语接龙=idiom chain game 谜语=riddle 猜=guess riddle 象棋=chess 围棋=chess game 角色扮演=role play game 剧情=adventure plot 桌游=board game 玩=play 脑筋急转弯=brain teaser riddle 海龟汤=riddle game 关卡=game 输=lose 选择=choose
聊=chat 聊天=chat 朋友=friend 幽默=funny 什么都=anything 随便=anything 陪我=companion 法律=legal law 合同=legal contract 条款=contract clause 律师=lawyer 星座=horoscope 算命=horoscope 哲学=philosophy 宗教=religion`;

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
