/**
 * Keys of names that many bear. Made by `node tests/train/main.ts --keys DIR…` on 2026-11-22
 * from 6 populations with 31080 records (sets negatives, febrl3, lists-ofac-un)
 * and from `COMMON_NAMES` in `name-words.ts`: common from one in 50 of a population, frequent
 * from one in 200 (and all of `COMMON_NAMES`), usual from one in 1,000.
 * A key stands for every name that sounds or looks like it; no single person can be told from it.
 */
/** Keys by how many bear them; what stands in none is rare. */
type KeyTable = Readonly<Record<"usual" | "frequent" | "common", ReadonlySet<string>>>;

const keys = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

export const SKELETONS: KeyTable = {
  common: keys(`
    AK AKMT AKNT AL ALL ALTKRT AMN AMR AN ANK ANS APRKM APT APTL APTRKMN AS AT FL FT KK KL KLRK KM KMT KN KNK KRK
    KRS KS KSM KSN KT LN MKMT MKT MN MR MS MT PK PSR RN SK SKP SL SLM SLMN SN SNK SRK SRS SS ST TKRT
  `),
  frequent: keys(`
    AFN AFNF AFNFS AFNS AFR AFT AKN AKNSN AKP AKR AKS ALF ALFR ALK ALKS ALKSNTR ALKSNTRFK ALKSNTRFS ALM ALMS ALN
    ALPRT ALR ALS ALSN ALSPT AM AML AMPR AMS ANKL ANKS ANRK ANRKF ANSL ANT ANTN ANTR AP APL APMKMT APMR APPKR APPTL
    APR APS APSS APST APTALL APTKTR APTMT AR ARK ARN ARS ARTN ASF ASK ASKR ASL ASM ASML ASMN ASN ASPL ASR ASS AST
    ATL ATM ATMN ATN ATRS ATRT FKTR FLM FLN FLP FLR FLRS FLTMR FLTMRFK FLTMRFS FM FN FNK FNL FNSNT FP FRNSSK FRS FS
    FSL FTM KF KFN KKN KLF KLL KLM KLMN KLN KLP KLS KLT KML KMPPL KMR KMRN KMS KNR KNS KNSLS KNT KNTLR KP KR KRL
    KRLS KRLT KRM KRMN KRN KRNNTS KRSTFR KRSTN KSP KSR KTF KTLN KTN KTR LF LK LKLN LL LM LNK LPS LR LRN LS MK MKL
    MKN MKRT MKSN MLN MLR MLS MNK MNL MNSR MRK MRM MRN MRS MRSN MRTN MRTNS MSL MSN MSR MST MSTF MTF MTFS MTLN MTN
    MTS MTSN NKL NKLFS NKLS NKN NM NR NSLS NSR NTL NTN PKM PKR PL PLK PN PNMN PNSMN PP PR PRK PRN PRR PRS PRSN PRST
    PRTL PSP PTL PTR PTRF PTRFS PTRSN RK RKMN RL RMN RMRS RP RPRT RS RSRT RST RT RTRKS SF SFN SFR SFRT SFT SKKS SKN
    SKNK SKNSN SKR SKT SLF SLN SLS SLTN SM SML SMN SMNT SMR SMS SMT SNKS SNKSN SNP SNS SNSS SNT SNTLR SNTN SNTS SP
    SPR SR SRKFS SRL SRLS SRLT SRM SRN SRTN SSF SSK SSMN SSN SSR SSS STFN STFNSN STM STN STNK STNL STPS TF TFS TFT
    TK TKR TKSN TL TLN TLR TMS TMTR TN TNL TNT TR TRK TRN TRS TS TT
  `),
  usual: keys(`
    AF AFKN AFKNFK AFKNFS AFL AFNFK AFRT AFS AFSN AFSNFK AFSNFS AKL AKLN AKLR AKNS AKPL AKPR AKRFK AKRFS AKRM AKSL
    AKSN AKST AKSTN AKT ALFNS ALFRS ALFRT ALFS ALKKR ALKL ALKLN ALKN ALKPR ALKR ALKSFK ALKSFS ALKSS ALKTF ALMKL
    ALMKTP ALMR ALNK ALNS ALNT ALNTR ALRS ALRT ALSLN ALSNTR ALSPR ALST ALT ALTRM AMNS AMNT AMRKSN AMRL AMRMKMT
    AMRMKT AMRPS AMRRS AMRRT AMT ANFR ANKN ANKNK ANKSN ANKSNK ANL ANLN ANLNK ANN ANR ANSN ANSNK ANTL ANTLFK ANTLFS
    ANTNK ANTRF ANTRS ANTRSN APK APLFSL APLFTL APN APPT APRT APTKRM APTLK APTLP APTMST APTRKM APTSLM APTT APTTF ARF
    ARFK ARFN ARFS ARKL ARKT ARL ARLMS ARLN ARM ARML ARMN ARMNT ARSLN ART ARTK ARTR ARTS ASLK ASLN ASRF ASTN ASTR
    ASTRT ATF ATFRT ATK ATKR ATLF ATNK ATNN ATP ATR ATRN ATT FFS FK FKR FKSLFFK FKSLFFS FKT FKTRFK FKTRFS FLKR FLKS
    FLMS FLNS FLNTN FLPS FLRFK FLRFS FLS FLSKFS FLSKS FLSN FLT FNS FNSN FNSNK FNT FR FRK FRKS FRL FRNK FRNNT FRNNTS
    FRT FRTRK FSKFS FSKS FSLFK FSLFS FSN FSPTRK FSR FSSLFFK FSSLFFS FTL FTN FTR KFK KFL KFLM KFNK KFNTR KFR KFS KFT
    KKM KKR KKS KKSN KKSNK KKTR KLK KLKT KLMRS KLNT KLPRT KLR KLRM KLSN KLTSFRT KLTSRT KMK KMN KMNS KMP KMPRL KMTN
    KNKN KNKNK KNKS KNKSN KNKSNK KNKTLN KNKTLNK KNM KNN KNSN KNSR KNTFK KNTFS KNTN KNTR KNTRRS KPL KPP KPR KPRL KPS
    KRF KRKR KRLN KRLSN KRNK KRNT KRP KRPN KRR KRRT KRSL KRSLS KRSN KRSS KRST KRSTL KRT KRTN KRTNS KRTS KSK KSKRK
    KSL KSMN KSRS KSS KST KSTF KSTL KSTLM KSTN KSTR KTL KTM KTNK KTP KTRN KTRS KTS KTT LFS LKN LKS LKT LNKM LNKPN
    LNKPNK LNKS LNRT LNS LNT LNTFK LNTFS LNTN LNTS LP LRNS LRSN LSL LSN LT LTN MKLFK MKLFS MKMST MKMTMN MKMTPRS
    MKMTRS MKMTRT MKNS MKR MKS MKTP MKTR MKTS ML MLK MLNK MLT MMR MNKM MNR MNS MNSS MNT MNTS MPN MPRK MRF MRFN MRKFS
    MRKN MRKRT MRKS MRL MRLS MRSL MRT MRTMT MRTS MSF MSK MSS MTR NF NK NKLFK NL NLSN NN NNS NP NPL NRKS NRS NRTN NS
    NSM NSNN NST NT NTR PFL PKMN PKN PKS PKT PLFRT PLKFL PLKL PLL PLN PLNK PLR PLS PLSN PLTRN PML PNK PNS PNT PRFN
    PRKN PRKR PRKS PRMN PRNS PRNT PRNTN PRPR PRSFK PRSFS PRSS PRT PRTN PRTP PRTS PRTSF PS PSK PSL PSN PT PTN PTRFK
    PTRK PTRS RF RFL RFLNKS RFR RKL RKM RKMNT RKN RKRT RLNKS RLS RM RMR RMS RMTN RNK RNKN RNT RNTL RNTN RPK RPN
    RPNSN RPSN RSL RSLN RSMNT RSN RSR RSRS RSS RTFN RTN RTRK SFK SFL SFNK SFNTS SFS SKK SKL SKNT SKS SKSN SLFTR SLK
    SLL SLNK SLP SLPRT SLSR SLT SMNK SMNS SMP SMPN SMSR SNF SNFR SNKKN SNKKSN SNKN SNKNK SNKPN SNKSNK SNKT SNLN
    SNLNK SNN SNR SNSN SNTK SNTNK SNTR SNTRS SPF SPK SPKN SPN SPNK SPT SRF SRKFK SRKN SRMN SRNK SRPTL SRSFK SRSFS
    SRT SSL SSM SSNK SST SSTN STK STL STR STRT STS STT TFN TFR TFTL TKLS TKN TLNK TLP TLS TM TMNK TMNS TMPSN TMR
    TMRL TMT TNK TNKN TNKTN TNLT TNS TNSN TNSNK TP TPN TPR TPS TRFS TRKN TRP TRSL TRT TSN TTN TTR
  `),
};

export const SPELLINGS: KeyTable = {
  common: keys(`
    abdlah abdrahman ahmad ahmed akhund ali chol clarke hasan hassan hussein ibrahim jose kim mohamed mohammad
    mohammed muhammad omar said tikriti white
  `),
  frequent: keys(`
    abbas abdziz abubakar abubakr ahmadi aisha alberto aleksandr aleksandrovich alexander alexandra alexei alli aly
    amber amina amy ana andrei andrew andrey angel anna antonio aziz bakr barzan begum benjamin berry bibi bishop
    blake brown caitlin cameron campbell carlos carmen chandler charles charlotte chelsea chen chloe choe choi chun
    coleman connor daniel daud david davies devi dixon dmitry elena elizabeth ella emiily emma enrique erin evans
    fatima flores francisco garcia george georgia giovanni giuseppe gomez gonzalez grace green gul hamid hamza
    hannah hans haq haqqani harry hernandez holly hossein hosseini huang husayn husayni hussaini idris igor il isa
    isabella ismail ivan ivanov ivanovich jack jacob jacques jake jamal james jan jane javier jean jessica jesus
    joel john johnson jones jong jordan jorge joseph joshua juan kamal karim kaur kaya khalid khan klaus kumar kyle
    lachlan lauren lee li liam lily lin liu lopez lucy luis luke madison mahmoud mahmud manuel maria marie mario
    mark martin martinez mary maryam mason matthew matthews mccarthy mehmet michael michel michell miguel mikhail
    millar mohamad mohammadi morrison musa mustafa nasir nasser natalia nathan nguyen nicholas nikolaevich nikolai
    oleg olga oliveira oliver olivia pak park patel paul pedro pereira perez peter petersen petrov petrovich pham
    philippe pierre qadhafi rahman ramirez rees reid ri richard rida robert rodriguez ryan saeed saleh salem salih
    salim samantha samuel sanchez santos sarah sayed sergeevich sergey shah sharma shepherd silva singh smith sophie
    stanley stephenson stubbs sulayman tariq taylor thomas torres tran umar uthman victor viktor vincent vladimir
    vladimirovich wali wang webb william williams wilson wu yahya yang yilmaz yong yousef yuri yusuf zachary zakaria
    zaynab zhang zhao
  `),
  usual: keys(`
    aaron abdatif abdhamid abdkarim abdmajid abdrahim abdsalam abed abid adam adel adil adnan adolfo aguilar aidan
    akbar akcha akchay akram aksu alejandro aleksei aleksey alekseyevich alex alfonso alfredo alicia alireza allen
    alonso alvarez amanda amelia amin anatolievich anderson andrea andres angela angus anita anthony armando arslan
    artis arturo asad ashley aslan assad aung austin avila awad ayman bailee barbara barrera bashir beltran bianca
    bilal blackwell bo borisovich bradley brandon brenda brian brittany broadby brooke browne buitrago bullock cai
    caleb callum carbone cardona castillo castro catherine cazares cazarez cecilia cesar chang charlie cheng chin
    chitian chong chorlu christian christina christine christopher chunxiang cifuentes clark congtailang contreras
    cooper cruz crystal cynthia danielle davis deborah demie demirel dennis diana diaz diego dmitri dominic donald
    dong donna douglas dubian duran durdu dusi ebert edgar eduardo edward egan elias eliza elkaddafi emilio emily
    eraslan erdoan ergul eric erica erika ethan fabio faisal fawaz faysal felipe felix feng fernandez fernando
    figueroa finlay flynn franco fuad gabriel gaddafi gadhafi gan gaoqiao gary gastelum german ghathafi gholam
    gholamreza gilberto giraldo goldsworthy grajales gregory guerrero guillermo guo gustavo gutierrez guzman habib
    hadi hall hamad hamed hamish hao harris harrison hashim he heather hector heidi herrera heye ho hong hosein hugo
    hui hussain hyland hyok ignacio igorevich imad iqbal isabelle ismael issa iyad jackson jade jafar jaime jairo
    jamie jang jasim jasmine jason javad jayden jeffrey jennifer jeremy jhon jia jian jianai jiang jiani jiateng
    jieyi jing jingshang jingzhu jinteng jitian jolly jonathan julia julie julio jun justin kaitlin kamel kang
    kanghong karen karl katherine kelly kenneth kevin khalaf khaled khalil kimberly kisakurek kristin kwang kyong
    laura lei leon leonidovich lewis liang liangjie liangping lihua lijia lijuan linda ling lingmu lisa londono long
    lowe lu lucas luo madeleine madeline mahdi mahmood majid man mansiz mansour mansur marin masri medina megan
    mehdi meihui meijiazi meiling meiyu mejia melissa mendoza meza mia michaela michelle mikhailovich miller min
    mingmei mohsen molina montoya moore morales moreno morgan morris mostafa muhamad muhammed muhsin mun munoz
    murillo nam nan nelson nicole nikolayevich noah noble oleksandr ortega oscar pamela parra patricia patrick pavel
    pena peng phillips ping priest qaddafi qasim qiandai qingshui qixia quilliam quintero rachel rafael rahim ramon
    rashid raul rawi rawlings rebecca reece ren reyes ricardo riley rincon rios rivera roberto robinson robson
    rodrigo rojas romero rosario ruben ruby ruelas rui ruiz rundle saab saad sad salah salazar salman sam sami samir
    sandra sara sayyed sayyid scott sergei sergeyevich sergio serna seyed seyyed sezer shafak shama shanben shankou
    shantian shawn shensoy shufen shuhua shuhui shuzhen silas simon sofia song songben soylu stephanie stephen
    steven su sultan susan taha tahir tailang taiyi talib taozi tara tazhen tevetolu thiago thompson thorpe
    tianzhong tiffany timothy tina toby tracy turk turki tyler valencia valentina vanessa vargas velasquez victoria
    viktorovich villa walid walker waller wei weller wen xiangtai xiangzhi xiaolin xie xin xiulan xiumei xiuping
    xiuqin xiuying xu xue yaman yan yangi yangjie yangzi yi yildirim ying yingshu yiteng yorulmaz youssef yu yuksel
    yulan yumei yumeizi yuryevich yushu yusif yutai zengin zheng zhenling zhi zhishi zhishu zhiwei zhiye zhizi
    zhongcun zhou zhu zi zuomu zuoteng
  `),
};
