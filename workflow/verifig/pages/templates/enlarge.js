// a figure that is tapped or clicked opens large above the page, where it zooms; without this script its link leads to its file
const large=document.createElement('dialog');let opened_by,scale;
large.className='large';large.setAttribute('aria-label','figure, enlarged');
large.innerHTML='<form method="dialog"><button type="button" value="1.25">Larger</button> <button type="button" value=".8">Smaller</button> <button autofocus>Close</button></form><div class="room" tabindex="0" role="region" aria-label="enlarged figure"></div>';
document.body.append(large);
const zoom=by=>large.style.setProperty('--scale',scale=Math.min(8,Math.max(1,scale*by)));
function enlarge(link){
const image=link.querySelector('img'),live=document.createElement('object');
live.type='image/svg+xml';live.data=(image.currentSrc||image.src)+'#large';live.setAttribute('aria-label',image.alt);
live.style.setProperty('--ratio',image.naturalWidth/image.naturalHeight);
large.lastChild.replaceChildren(live);opened_by=link;scale=1;zoom(1);large.showModal()}
for(const button of large.querySelectorAll('[value]'))button.onclick=()=>zoom(+button.value);
large.addEventListener('click',event=>{if(event.target===large)large.close()});
large.addEventListener('close',()=>{large.lastChild.replaceChildren();opened_by.focus({preventScroll:true})});
for(const link of document.querySelectorAll('.plot a'))link.addEventListener('click',event=>{if(event.button||event.ctrlKey||event.metaKey||event.shiftKey)return;event.preventDefault();enlarge(link)});
// what a live figure, a document of its own, asks for
addEventListener('message',event=>{for(const live of document.querySelectorAll('object'))if(live.contentWindow===event.source){
if(event.data==='enlarge'&&!large.open)enlarge(live.closest('.plot').querySelector('a'));
if(event.data==='close')large.close()}});
